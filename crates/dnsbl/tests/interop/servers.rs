//! Servers on loopback addresses: rbldnsd with the zones of a file, unbound before it, and a relay that is slow or cuts answers.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use mail_dns::RecordType;

/// A program, killed when dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Starts `program` with all that it says going to `log`.
    fn start(command: &mut Command, log: &Path) -> Self {
        let log = fs::File::create(log).expect("a log");
        let errors = log.try_clone().expect("a log");
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        Self(command.spawn().expect("the program is installed"))
    }

    fn signal(&self, signal: &str) {
        let kill = Command::new("kill")
            .args([signal, &self.0.id().to_string()])
            .status();
        assert!(kill.is_ok_and(|status| status.success()), "kill {signal}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A directory of its own, which the user that rbldnsd runs as may read; gone when dropped.
struct Directory(PathBuf);

impl Directory {
    fn new(port: u16) -> Self {
        let path = std::env::temp_dir().join(format!("dnsbl-{}-{port}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A port that nobody uses, below those that the system gives to clients.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
}

/// Waits until a DNS server answers at `address`, with whatever.
fn wait_for(address: SocketAddr, log: &Path) {
    // version.bind CH TXT, which every server answers by itself.
    const QUESTION: &[u8] = b"\0\x2a\0\0\0\x01\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03";
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a socket");
    let wait = Duration::from_millis(50);
    socket.set_read_timeout(Some(wait)).expect("a timeout");
    for _ in 0..200 {
        let _ = socket.send_to(QUESTION, address);
        if socket.recv(&mut [0; 512]).is_ok() {
            return;
        }
        sleep(wait);
    }
    panic!("no server at {address}:\n{}", said(log));
}

fn said(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}

/// rbldnsd, with the zones of a text.
pub(crate) struct Rbldnsd {
    process: Option<Process>,
    directory: Directory,
    pub(crate) port: u16,
    zones: Vec<String>,
}

impl Rbldnsd {
    /// Serves `text`, in the form of `zones.txt`, at every address of this host.
    pub(crate) fn start(text: &str) -> Self {
        let port = free_port();
        let directory = Directory::new(port);
        let datasets = datasets(text);
        let mut arguments = Vec::new();
        let mut zones = Vec::new();
        for (index, (zone, kind, content)) in datasets.iter().enumerate() {
            let file = format!("{index}");
            fs::write(directory.0.join(&file), content).expect("a zone");
            arguments.push(format!("{zone}:{kind}:{file}"));
            if !zones.contains(zone) {
                zones.push(zone.clone());
            }
        }
        let log = directory.0.join("log");
        let mut command = Command::new("rbldnsd");
        command.args(["-n", "-a", "-u", "rbldns", "-c", "0", "-l", "+-", "-w"]);
        command.arg(&directory.0);
        command.args(["-b".to_owned(), format!("0.0.0.0/{port}")]);
        command.args(arguments);
        let process = Process::start(&mut command, &log);
        wait_for((Ipv4Addr::LOCALHOST, port).into(), &log);
        let faults = ["invalid", "error", "warn", "unrecognized", "bad "];
        let complains = |line: &&str| faults.iter().any(|fault| line.contains(fault));
        let complaints: Vec<_> = said(&log)
            .lines()
            .filter(complains)
            .map(str::to_owned)
            .collect();
        assert!(complaints.is_empty(), "{complaints:?}");
        Self {
            process: Some(process),
            directory,
            port,
            zones,
        }
    }

    /// Takes `text` in place of what was served; its zones and their types are the same.
    pub(crate) fn serve(&self, text: &str) {
        let before = self.log().matches("zones reloaded").count();
        for (index, (_, _, content)) in datasets(text).into_iter().enumerate() {
            // rbldnsd reads a file again if its size is another, or its time in whole seconds.
            let other = format!("{content}{}\n", "#".repeat(before));
            fs::write(self.directory.0.join(format!("{index}")), other).expect("a zone");
        }
        self.process.as_ref().expect("it runs").signal("-HUP");
        for _ in 0..100 {
            if self.log().matches("zones reloaded").count() > before {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        panic!("rbldnsd did not reload:\n{}", self.log());
    }

    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Where it is asked from the address `ip` of this host.
    pub(crate) fn address_from(&self, ip: IpAddr) -> SocketAddr {
        (ip, self.port).into()
    }

    /// The zones, each once.
    pub(crate) fn zones(&self) -> &[String] {
        &self.zones
    }

    fn log(&self) -> String {
        said(&self.directory.0.join("log"))
    }

    /// The questions within `zone` so far: name and type.
    pub(crate) fn questions(&self, zone: &str) -> Vec<String> {
        let log = self.log();
        let question = |line: &str| {
            // "1795949584 127.0.0.1 3.1.1.9.many.test A IN: NOERROR/29/499"
            let mut words = line.split(' ').skip(2);
            let (name, kind) = (words.next()?, words.next()?);
            let within = name.to_ascii_lowercase().ends_with(zone);
            (within && line.contains(" IN: ")).then(|| format!("{name} {kind}"))
        };
        log.lines().filter_map(question).collect()
    }
}

/// Zone, type and content of each dataset, with an SOA, an NS record and a TTL for the first of a zone that has none.
fn datasets(text: &str) -> Vec<(String, String, String)> {
    let mut datasets: Vec<(String, String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("=== ") {
            let (zone, kind) = head.split_once(' ').expect("zone and type");
            let mut of_zone = datasets.iter().filter(|(other, ..)| other == zone);
            let content = match (kind, of_zone.all(|(_, kind, _)| kind == "acl")) {
                ("acl", _) => String::new(),
                (_, true) => format!(
                    "$SOA 300 ns.{zone} hostmaster.{zone} 0 1h 10m 1d 60\n$NS 300 ns.{zone}\n$TTL 300\n"
                ),
                (_, false) => "$TTL 300\n".to_owned(),
            };
            datasets.push((zone.to_owned(), kind.to_owned(), content));
        } else if let Some((_, _, content)) = datasets.last_mut() {
            if line.starts_with("$SOA") {
                content.clear();
            }
            content.push_str(
                &line
                    .replace('␛', "\x1b")
                    .replace('␇', "\x07")
                    .replace('␍', "\r"),
            );
            content.push('\n');
        }
    }
    datasets
}

/// unbound, asking rbldnsd.
pub(crate) struct Unbound {
    process: Option<Process>,
    _directory: Directory,
    port: u16,
}

impl Unbound {
    /// Asks the zones of `rbldnsd`, each as a stub of its own. `more` are lines for its `server` section.
    pub(crate) fn start(rbldnsd: &Rbldnsd, more: &str) -> Self {
        let stubs: Vec<_> = rbldnsd
            .zones()
            .iter()
            .map(|zone| (zone.clone(), rbldnsd.address()))
            .collect();
        Self::before(&stubs, more)
    }

    /// Asks each zone at its address.
    pub(crate) fn before(stubs: &[(String, SocketAddr)], more: &str) -> Self {
        let port = free_port();
        let directory = Directory::new(port);
        let configuration = configuration(port, &directory.0, stubs, more);
        let path = directory.0.join("unbound.conf");
        fs::write(&path, configuration).expect("a configuration");
        let log = directory.0.join("log");
        let mut command = Command::new("unbound");
        command.args(["-d", "-c"]).arg(&path);
        let process = Process::start(&mut command, &log);
        wait_for((Ipv4Addr::LOCALHOST, port).into(), &log);
        Self {
            process: Some(process),
            _directory: directory,
            port,
        }
    }

    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

/// Nothing is asked of anybody but the stubs: all other names are refused.
fn configuration(
    port: u16,
    directory: &Path,
    stubs: &[(String, SocketAddr)],
    more: &str,
) -> String {
    let directory = directory.display();
    let stubs = stubs.iter().map(|(zone, address)| {
        let (ip, port) = (address.ip(), address.port());
        format!("stub-zone:\n    name: \"{zone}\"\n    stub-addr: {ip}@{port}\n")
    });
    let stubs: String = stubs.collect();
    // A `more` that begins a section of its own is put last.
    let (server, sections) = more.split_once("---\n").unwrap_or((more, ""));
    format!(
        "server:
    interface: 0.0.0.0@{port}
    access-control: 0.0.0.0/0 allow
    do-daemonize: no
    username: \"\"
    chroot: \"\"
    directory: \"{directory}\"
    pidfile: \"\"
    use-syslog: no
    num-threads: 1
    do-ip6: no
    do-not-query-localhost: no
    val-log-level: 2
    ede: yes
    rrset-roundrobin: no
    local-zone: \".\" always_refuse
    local-zone: \"test.\" transparent
{server}
remote-control:
    control-enable: no
{stubs}
{sections}"
    )
}

/// What a relay does to an answer.
#[derive(Clone, Copy)]
pub(crate) enum Trouble {
    /// Holds it back for so long.
    Delay(Duration),
    /// Cuts everything behind the question, and says so (TC); there is nothing over TCP.
    Cut,
}

/// Relays datagrams to `server` as long as the process lives, with trouble for the questions of a type; for all if it is `None`.
pub(crate) fn relay(server: SocketAddr, trouble: Trouble, only: Option<RecordType>) -> SocketAddr {
    let front = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let address = front.local_addr().expect("an address");
    thread::spawn(move || {
        let mut question = [0; 4096];
        while let Ok((length, client)) = front.recv_from(&mut question) {
            let question = question[..length].to_vec();
            let front = front.try_clone().expect("a socket");
            thread::spawn(move || {
                if let Some(answer) = ask(server, &question, trouble, only) {
                    let _ = front.send_to(&answer, client);
                }
            });
        }
    });
    address
}

fn ask(
    server: SocketAddr,
    question: &[u8],
    trouble: Trouble,
    only: Option<RecordType>,
) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    socket.send_to(question, server).ok()?;
    let mut answer = vec![0; 4096];
    let length = socket.recv(&mut answer).ok()?;
    answer.truncate(length);
    let end = question_end(&answer)?;
    let asked = u16::from_be_bytes([answer[end - 4], answer[end - 3]]);
    if only.is_some_and(|only| only != RecordType(asked)) {
        return Some(answer);
    }
    match trouble {
        Trouble::Delay(delay) => sleep(delay),
        Trouble::Cut => {
            // RFC 1035 §4.1.1: TC is in the third octet; the counts of the sections are behind the question's.
            answer[2] |= 0x02;
            answer[6..12].fill(0);
            answer.truncate(end);
        }
    }
    Some(answer)
}

/// Where the question ends: its name, type and class.
fn question_end(message: &[u8]) -> Option<usize> {
    let mut at = 12;
    loop {
        match message.get(at)? {
            0 => return Some(at + 5),
            length => at += 1 + usize::from(*length),
        }
    }
}
