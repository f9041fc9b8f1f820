//! The codes of a list.

use serde::Deserialize;
use toml::Spanned;

use super::fault::Fault;
use super::yes;
use crate::{CatalogueErrorKind, Category, CodeMatch, CodeRule, Effect, Meaning, Stance};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeForm {
    code: Option<Spanned<String>>,
    bit: Option<Spanned<u8>>,
    meaning: Spanned<String>,
    category: Option<Category>,
    effect: Option<Spanned<Effect>>,
    #[serde(default = "yes")]
    verified: bool,
}

impl CodeForm {
    fn read(self, stance: Stance) -> Result<Spanned<CodeRule>, Fault> {
        let span = self.meaning.span();
        let effect = effect(self.effect, stance)?;
        let code = match (self.code, self.bit) {
            (Some(text), None) => octets(&text, effect)?,
            (None, Some(bit)) if bit.get_ref().is_power_of_two() => CodeMatch::Bit(*bit.get_ref()),
            (None, Some(bit)) => {
                return Err(Fault::new(
                    CatalogueErrorKind::Code,
                    bit.span(),
                    format!("expected the value of one bit, found {}", bit.get_ref()),
                ));
            }
            _ => {
                return Err(Fault::new(
                    CatalogueErrorKind::Code,
                    self.meaning.span(),
                    "expected one of code and bit, found both or none".to_owned(),
                ));
            }
        };
        let category = match effect {
            Effect::Listed => Category::default(),
            // What says nothing bad is no spam unless the file says so.
            _ => Category::Other,
        };
        let rule = CodeRule {
            code,
            meaning: Meaning {
                text: self.meaning.into_inner(),
                category: self.category.unwrap_or(category),
                verified: self.verified,
            },
            effect,
        };
        Ok(Spanned::new(span, rule))
    }
}

/// What a code says: something bad unless the file has it otherwise, and on an allowlist something good. There nothing is
/// a listing.
fn effect(effect: Option<Spanned<Effect>>, stance: Stance) -> Result<Effect, Fault> {
    match (effect, stance) {
        (None, Stance::Allow) => Ok(Effect::Allowed),
        (None, _) => Ok(Effect::default()),
        (Some(effect), Stance::Allow) if *effect.get_ref() == Effect::Listed => Err(Fault::new(
            CatalogueErrorKind::Code,
            effect.span(),
            "expected an effect that an allowlist can have, found listed".to_owned(),
        )),
        (Some(effect), _) => Ok(effect.into_inner()),
    }
}

/// The rules in their order, each of which some address comes to.
pub(super) fn codes(forms: Vec<CodeForm>, stance: Stance) -> Result<Vec<CodeRule>, Fault> {
    let mut rules: Vec<CodeRule> = Vec::new();
    for form in forms {
        let rule = form.read(stance)?;
        if let Some(earlier) = rules.iter().find(|it| hides(it.code, rule.get_ref().code)) {
            let earlier = earlier.meaning.text.escape_debug();
            return Err(Fault::new(
                CatalogueErrorKind::Code,
                rule.span(),
                format!(
                    "expected a code that no earlier one has, found one of those of \"{earlier}\""
                ),
            ));
        }
        rules.push(rule.into_inner());
    }
    Ok(rules)
}

/// Whether a rule of `earlier` decides for every address of `later`. Bits do not hide each other: all that are set count.
fn hides(earlier: CodeMatch, later: CodeMatch) -> bool {
    match (earlier, later) {
        (CodeMatch::Bit(earlier), CodeMatch::Bit(later)) => earlier == later,
        (CodeMatch::Bit(_), CodeMatch::Octets([a, b, c, Some(last)])) => {
            let address = [a, b, c].map(|octet| octet.unwrap_or(u8::MAX));
            let [a, b, c] = address;
            earlier.matches([a, b, c, last].into())
        }
        (CodeMatch::Octets(earlier), CodeMatch::Octets(later)) => covers(earlier, later),
        (CodeMatch::Octets(earlier), CodeMatch::Bit(_)) => {
            covers(earlier, [Some(127), Some(0), Some(0), None])
        }
        (CodeMatch::Bit(_), CodeMatch::Octets(_)) => false,
    }
}

fn covers(earlier: [Option<u8>; 4], later: [Option<u8>; 4]) -> bool {
    let mut octets = earlier.iter().zip(later);
    octets.all(|(earlier, later)| earlier.is_none() || *earlier == later)
}

/// `127.0.0.2`, or with `*` for any octet but the first.
pub(super) fn octets(text: &Spanned<String>, effect: Effect) -> Result<CodeMatch, Fault> {
    let fault = |expected: &str| {
        let found = text.get_ref().escape_debug();
        Fault::new(
            CatalogueErrorKind::Code,
            text.span(),
            format!("expected {expected}, found {found}"),
        )
    };
    let parts = text.get_ref().split('.').map(|part| match part {
        "*" => Some(None),
        _ => part.parse::<u8>().ok().map(Some),
    });
    let parts: Vec<Option<u8>> = parts
        .collect::<Option<_>>()
        .ok_or_else(|| fault("four octets, each a number or *"))?;
    let octets: [Option<u8>; 4] = parts
        .try_into()
        .map_err(|_| fault("four octets, each a number or *"))?;
    // RFC 5782 §2.1: the addresses of a list's answers are in 127.0.0.0/8.
    if octets[0] != Some(127) {
        return Err(fault("a code in 127.0.0.0/8"));
    }
    // 127.255.255.0/24 tells of a refused question on every list.
    let refusals = [Some(127), Some(255), Some(255)];
    let overlaps = octets
        .iter()
        .zip(refusals)
        .all(|(octet, refusal)| octet.is_none() || *octet == refusal);
    if effect != Effect::Refused && overlaps {
        return Err(fault("an entry outside 127.255.255.0/24"));
    }
    Ok(CodeMatch::Octets(octets))
}
