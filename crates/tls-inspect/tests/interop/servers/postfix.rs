//! Postfix with a port for each way to be set up. It wants to be started as root.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::keys::{KeyKind, certificate};
use super::{Server, Talk, free_ports, wait_for, wait_for_smtp};

/// One port.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) talk: Talk,
    /// The key, which has a certificate.
    pub(crate) key: Option<KeyKind>,
    /// Parameters of `main.cf` with their values.
    pub(crate) parameters: Vec<(&'static str, String)>,
}

/// A running Postfix, ended when dropped.
struct Postfix {
    folder: PathBuf,
}

impl Postfix {
    fn run(&self, what: &str) -> bool {
        let status = Command::new("postfix")
            .arg("-c")
            .arg(self.folder.join("etc"))
            .arg(what)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.run("abort");
        // What is left is in the folder for things that may go at any time.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Starts one Postfix with these services, of which each is a server.
pub(crate) fn start(name: &str, services: &[Service]) -> Vec<Server> {
    // Its own users must get there, who may not enter the folder of the build.
    let folder = std::env::temp_dir().join(format!("interop-{}-{name}", std::process::id()));
    let (etc, spool, data) = (
        folder.join("etc"),
        folder.join("spool"),
        folder.join("data"),
    );
    for part in [&etc, &spool, &data] {
        fs::create_dir_all(part).unwrap();
    }
    let owned = Command::new("chown").arg("postfix").arg(&data).status();
    assert!(owned.unwrap().success(), "Postfix wants root");
    // With these, OpenSSL takes keys of 1024 bits.
    let openssl = folder.join("openssl.cnf");
    fs::write(&openssl, OPENSSL).unwrap();
    let main = format!(
        "compatibility_level = 3.6\nconfig_directory = {etc}\nqueue_directory = {spool}\n\
         data_directory = {data}\nmaillog_file_prefixes = {folder}\nmaillog_file = {folder}/log\n\
         import_environment = MAIL_CONFIG POSTLOG_SERVICE POSTLOG_HOSTNAME \
         OPENSSL_CONF={openssl}\nlocal_recipient_maps =\nmyhostname = localhost\n\
         inet_protocols = ipv4\nmydestination =\nalias_maps =\nalias_database =\n\
         smtpd_peername_lookup = no\nsmtpd_client_event_limit_exceptions = 127.0.0.0/8\n\
         smtpd_tls_ask_ccert = no\nsmtpd_tls_ciphers = high\n\
         smtpd_tls_mandatory_ciphers = high\n",
        etc = etc.display(),
        spool = spool.display(),
        data = data.display(),
        folder = folder.display(),
        openssl = openssl.display(),
    );
    fs::write(etc.join("main.cf"), main).unwrap();
    let ports = free_ports(services.len());
    let mut master = String::from(
        "postlog unix-dgram n - n - 1 postlogd\nanvil unix - - n - 1 anvil\n\
         tlsmgr unix - - n 1000? 1 tlsmgr\nrewrite unix - - n - - trivial-rewrite\n\
         proxymap unix - - n - - proxymap\n",
    );
    for (service, port) in services.iter().zip(&ports) {
        master.push_str(&entry(service, *port));
    }
    fs::write(etc.join("master.cf"), master).unwrap();
    let postfix = Postfix { folder };
    let log = postfix.folder.join("log");
    let mut all = services.iter().zip(&ports);
    let is_up = postfix.run("start")
        && all.all(|(service, port)| match service.talk {
            Talk::Nothing => wait_for(*port),
            Talk::Smtp => wait_for_smtp(*port),
        });
    assert!(is_up, "{}", fs::read_to_string(&log).unwrap_or_default());
    let postfix = Arc::new(postfix);
    let servers = services.iter().zip(ports).map(|(service, port)| {
        let mut server = Server::new(port, Arc::clone(&postfix));
        server.talk = service.talk;
        server.log = Some(log.clone());
        server
    });
    servers.collect()
}

const OPENSSL: &str = "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = weak\n\
                       [weak]\nCipherString = DEFAULT:@SECLEVEL=0\n";

fn entry(service: &Service, port: SocketAddr) -> String {
    let mut lines = format!("{port} inet n - n - - smtpd\n");
    let mut set = |name: &str, value: &str| {
        lines.push_str(&format!("  -o {{ {name} = {value} }}\n"));
    };
    if let Some((certificate, key)) = service.key.map(certificate) {
        let files = format!("{}, {}", key.display(), certificate.display());
        set("smtpd_tls_chain_files", &files);
    }
    match service.talk {
        Talk::Nothing => set("smtpd_tls_wrappermode", "yes"),
        Talk::Smtp => set("smtpd_tls_security_level", "may"),
    }
    for (name, value) in &service.parameters {
        set(name, value);
    }
    lines
}
