//! Which lists are asked, and the keys for them.

use std::collections::BTreeSet;
use std::path::Path;

use dnsbl::{Catalogue, Key, Keys, ListSet};

use crate::arguments::Lists;

/// The lists of the command line; without any, the default set.
pub(crate) fn choose(lists: &Lists, keys: &Keys) -> Result<Catalogue, String> {
    let built_in = Catalogue::builtin().map_err(|error| error.to_string())?;
    let Some(file) = &lists.catalogue else {
        are_known(&built_in, keys)?;
        return select(built_in, lists, &[ListSet::Default]);
    };
    let text = read(file)?;
    let own =
        Catalogue::from_toml(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    if lists.lists.is_empty() && lists.zone.is_empty() {
        are_known(&own, keys)?;
        return Ok(own);
    }
    let all = built_in.extended_by(own);
    are_known(&all, keys)?;
    select(all, lists, &[])
}

/// A key under a name that no list knows is mistyped: its list would not be asked, and the run look as if it had been.
fn are_known(catalogue: &Catalogue, keys: &Keys) -> Result<(), String> {
    let lists = catalogue.lists().iter();
    let known: BTreeSet<&str> = lists.filter_map(|list| list.terms.key.as_deref()).collect();
    match keys.names().find(|name| !known.contains(name)) {
        Some(name) => {
            let known: Vec<_> = known.into_iter().collect();
            let name = name.escape_debug();
            Err(format!(
                "expected a key of {}, found {name}",
                known.join(", ")
            ))
        }
        None => Ok(()),
    }
}

/// The lists of the sets and zones given.
pub(crate) fn select(
    catalogue: Catalogue,
    lists: &Lists,
    otherwise: &[ListSet],
) -> Result<Catalogue, String> {
    let sets = match lists.lists.as_slice() {
        [] if lists.zone.is_empty() => otherwise,
        sets => sets,
    };
    let in_sets = catalogue.lists().iter();
    let in_sets = in_sets.filter(|list| sets.iter().any(|set| list.is_in(*set)));
    let zones = in_sets.map(|list| list.zone.clone());
    let zones: Vec<_> = zones.chain(lists.zone.iter().cloned()).collect();
    catalogue
        .only_zones(&zones)
        .map_err(|error| error.to_string())
}

/// The keys, which are read and never shown.
pub(crate) fn keys(given: &[String]) -> Result<Keys, String> {
    let mut keys = Keys::default();
    for text in given {
        let (name, key) = key(text)?;
        keys = keys.with(name, key);
    }
    Ok(keys)
}

/// An error does not repeat the text, which may have the key in it.
fn key(text: &str) -> Result<(&str, Key), String> {
    let usage = "expected --key NAME=@FILE or --key NAME=env:VARIABLE; a key on the command line itself is shown to \
                 everybody on this machine by ps, and is kept by the shell";
    let (name, from) = text.split_once('=').ok_or(usage)?;
    let (place, secret) = match (from.strip_prefix('@'), from.strip_prefix("env:")) {
        (Some(file), _) => (file.to_owned(), read(Path::new(file))?),
        (_, Some(variable)) => {
            let secret = std::env::var(variable);
            let secret = secret.map_err(|_| {
                format!(
                    "expected a key in the variable {}, found none",
                    variable.escape_debug()
                )
            })?;
            (format!("variable {variable}"), secret)
        }
        _ => return Err(usage.to_owned()),
    };
    let key = secret.parse();
    let key = key.map_err(|error| format!("{}: {error}", place.escape_debug()))?;
    Ok((name, key))
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}
