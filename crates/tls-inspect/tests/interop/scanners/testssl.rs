//! `testssl`, read from its JSON.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Found;
use crate::servers::{Process, Server, Talk};

/// A run that has begun.
pub(super) struct Run {
    process: Process,
    file: PathBuf,
}

pub(super) fn start(server: &Server) -> Run {
    let name = format!("testssl-{}.json", server.address.port());
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It goes on with a file that is there.
    let _ = std::fs::remove_file(&file);
    let mut command = Command::new("testssl");
    if server.talk == Talk::Smtp {
        command.args(["--starttls", "smtp"]);
    }
    let child = command
        .args([
            "--quiet",
            "--color",
            "0",
            "--warnings",
            "off",
            "--nodns",
            "none",
        ])
        .args(["-p", "-P", "-f", "-E", "--jsonfile"])
        .arg(&file)
        .arg(server.address.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Run {
        process: Process(child),
        file,
    }
}

impl Run {
    pub(super) fn finish(mut self) -> Found {
        // How it ends says how good the server is.
        self.process.0.wait().unwrap();
        let text = std::fs::read_to_string(&self.file).unwrap();
        read(&serde_json::from_str(&text).unwrap())
    }
}

fn read(findings: &serde_json::Value) -> Found {
    let mut found = Found::default();
    found.groups.insert(0, [].into());
    for finding in findings.as_array().unwrap() {
        let text = |name: &str| finding[name].as_str().unwrap();
        let (id, finding) = (text("id"), text("finding"));
        let version = match id {
            "SSLv2" => Some(0x0002),
            "SSLv3" => Some(0x0300),
            "TLS1" => Some(0x0301),
            "TLS1_1" => Some(0x0302),
            "TLS1_2" => Some(0x0303),
            "TLS1_3" => Some(0x0304),
            _ => None,
        };
        if finding.starts_with("offered") {
            found.versions.extend(version);
        }
        if let Some((version, number)) = id
            .strip_prefix("cipher-")
            .and_then(|id| id.split_once("_x"))
        {
            let number = u16::from_str_radix(number, 16).unwrap();
            let suites = found.suites.entry(suite_version(version));
            suites.or_default().insert(number);
        }
        if matches!(id, "PFS_ECDHE_curves" | "DH_groups") {
            let groups = found.groups.entry(0).or_default();
            groups.extend(finding.split_whitespace().map(group));
        }
        // Of TLS 1.3 alone it speaks in other words.
        match (id, finding) {
            ("cipher_order", "server") => found.is_server_order = Some(true),
            ("cipher_order", "NOT a cipher order configured") => {
                found.is_server_order = Some(false);
            }
            _ => {}
        }
    }
    found
}

fn suite_version(name: &str) -> u16 {
    match name {
        "ssl3" => 0x0300,
        "tls1" => 0x0301,
        "tls1_1" => 0x0302,
        "tls1_2" => 0x0303,
        "tls1_3" => 0x0304,
        _ => panic!("{name}"),
    }
}

fn group(name: &str) -> u16 {
    match name {
        "prime256v1" => 0x0017,
        "secp384r1" => 0x0018,
        "secp521r1" => 0x0019,
        "X25519" => 0x001d,
        "X448" => 0x001e,
        "ffdhe2048" => 0x0100,
        "ffdhe3072" => 0x0101,
        "ffdhe4096" => 0x0102,
        "ffdhe6144" => 0x0103,
        "ffdhe8192" => 0x0104,
        _ => panic!("{name}"),
    }
}
