//! `sslscan`, read from its XML.

use std::process::Command;

use super::Found;
use crate::servers::{Server, Talk};

pub(super) fn run(server: &Server) -> Found {
    let mut command = Command::new("sslscan");
    command.args([
        "--xml=-",
        "--no-heartbleed",
        "--no-compression",
        "--no-renegotiation",
    ]);
    if server.talk == Talk::Smtp {
        command.arg("--starttls-smtp");
    }
    let output = command.arg(server.address.to_string()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    read(std::str::from_utf8(&output.stdout).unwrap())
}

/// An element a line, as it writes them.
fn read(xml: &str) -> Found {
    let mut found = Found::default();
    for line in xml.lines().map(str::trim) {
        if line.starts_with("<protocol ") && attribute(line, "enabled") == "1" {
            let name = format!("{}v{}", attribute(line, "type"), attribute(line, "version"));
            found.versions.insert(version(&name));
        } else if line.starts_with("<cipher ") {
            let suites = found.suites.entry(version(attribute(line, "sslversion")));
            suites.or_default().insert(number(attribute(line, "id")));
        } else if line.starts_with("<group ") {
            let groups = found.groups.entry(version(attribute(line, "sslversion")));
            groups.or_default().insert(number(attribute(line, "id")));
        }
    }
    found
}

fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
    let begin = format!(" {name}=\"");
    let (_, rest) = element.split_once(&begin).unwrap();
    rest.split_once('"').unwrap().0
}

fn number(text: &str) -> u16 {
    u16::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}

fn version(name: &str) -> u16 {
    match name.to_ascii_lowercase().as_str() {
        "sslv2" => 0x0002,
        "sslv3" => 0x0300,
        "tlsv1.0" => 0x0301,
        "tlsv1.1" => 0x0302,
        "tlsv1.2" => 0x0303,
        "tlsv1.3" => 0x0304,
        _ => panic!("{name}"),
    }
}
