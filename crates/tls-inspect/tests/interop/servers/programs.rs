//! `openssl s_server` and `gnutls-serv`.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use super::keys::{KeyKind, certificate};
use super::{Process, Server, free_ports, wait_for};

/// `openssl s_server` with a key of this kind.
pub(crate) fn openssl(kind: KeyKind, arguments: &[&str]) -> Server {
    openssl_with(&[kind], arguments)
}

/// The same with a certificate for each of up to two kinds of keys.
pub(crate) fn openssl_with(kinds: &[KeyKind], arguments: &[&str]) -> Server {
    let mut command = Command::new("openssl");
    command.args(["s_server", "-accept", "127.0.0.1:0"]);
    for (kind, [certificate_option, key_option]) in
        kinds.iter().zip([["-cert", "-key"], ["-dcert", "-dkey"]])
    {
        let (certificate, key) = certificate(kind);
        command.arg(certificate_option).arg(certificate);
        command.arg(key_option).arg(key);
    }
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let process = Process(child);
    let address = lines.find_map(|line| line.ok()?.strip_prefix("ACCEPT ").map(str::to_owned));
    // The rest is read too, so that the server never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    let address = address.unwrap_or_else(|| panic!("openssl does not take {arguments:?}"));
    Server::new(address.parse().unwrap(), process)
}

/// `gnutls-serv` with a key of this kind. It listens on every interface, as it has no option
/// for less.
pub(crate) fn gnutls(kind: KeyKind, priority: &str, arguments: &[&str]) -> Server {
    let (certificate, key) = certificate(kind);
    let address = free_ports(1)[0];
    let child = Command::new("gnutls-serv")
        .args(["--echo", "--quiet", "--priority", priority])
        .args(["--port", &address.port().to_string(), "--x509certfile"])
        .arg(certificate)
        .arg("--x509keyfile")
        .arg(key)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let process = Process(child);
    assert!(wait_for(address), "gnutls-serv does not take {priority}");
    Server::new(address, process)
}
