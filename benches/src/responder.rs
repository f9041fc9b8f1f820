//! A recursive resolver that knows every name, on a thread of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;

/// Where the question's name begins (RFC 1035 §4.1.1), and a pointer to it (§4.1.4).
const NAME: usize = 12;
const NAME_POINTER: [u8; 2] = [0xc0, 12];
/// TTL 300.
const TTL: [u8; 4] = [0, 0, 1, 44];
/// A root name for the primary and the mailbox, and five numbers; the last is the TTL of a denial (RFC 2308 §4).
const SOA_DATA: [u8; 22] = {
    let mut data = [0; 22];
    (data[20], data[21]) = (1, 44);
    data
};

const A: u16 = 1;
const CNAME: u16 = 5;
const SOA: u16 = 6;
const MX: u16 = 15;
const TXT: u16 = 16;
const AAAA: u16 = 28;

/// Starts it on a loopback address; it answers over UDP until the process ends.
///
/// What it says depends on the type alone: A and MX have one record, AAAA an alias and two, TXT one of 120 octets, SOA the root's;
/// of any other type there is none. All may be cached for 300 s. The root alone is signed, as if it validated.
///
/// # Errors
///
/// If there is no socket.
pub fn start_responder() -> io::Result<SocketAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = socket.local_addr()?;
    thread::spawn(move || respond(&socket));
    Ok(address)
}

fn respond(socket: &UdpSocket) -> io::Result<()> {
    let mut buffer = [0; 512];
    let mut reply = Vec::with_capacity(512);
    loop {
        let (length, client) = socket.recv_from(&mut buffer)?;
        reply.clear();
        let asked = buffer.get(..length).unwrap_or_default();
        if answer(asked, &mut reply).is_some() {
            socket.send_to(&reply, client)?;
        }
    }
}

/// Writes the reply to `asked`; `None` for what is no question.
fn answer(asked: &[u8], reply: &mut Vec<u8>) -> Option<()> {
    let mut end = NAME;
    while let length @ 1.. = usize::from(*asked.get(end)?) {
        end += 1 + length;
    }
    end += 5;
    let is_root = end == NAME + 5;
    let record_type = u16::from_be_bytes(*asked.get(end - 4..)?.first_chunk()?);
    let with_edns = *asked.get(11)?;
    let (answers, authorities) = match record_type {
        AAAA => (3, 0),
        A | MX | SOA | TXT => (1, 0),
        _ => (0, 1),
    };
    reply.extend(asked.get(..2)?);
    // QR, RD, RA; and AD for the root alone: a resolver that validates, and a zone that is not signed.
    reply.extend([0x81, if is_root { 0xa0 } else { 0x80 }]);
    reply.extend([0, 1, 0, answers, 0, authorities, 0, with_edns]);
    reply.extend(asked.get(NAME..end)?);
    match record_type {
        A => record(reply, NAME_POINTER, A, &[192, 0, 2, 1]),
        // 10 mx.<the name asked for>
        MX => record(reply, NAME_POINTER, MX, b"\0\x0a\x02mx\xc0\x0c"),
        TXT => record(reply, NAME_POINTER, TXT, &[120; 121]),
        SOA => record(reply, NAME_POINTER, SOA, &SOA_DATA),
        AAAA => {
            record(reply, NAME_POINTER, CNAME, b"\x05alias\xc0\x0c");
            // The alias's target stands behind the ten octets that follow its owner.
            let target = [0xc0, u8::try_from(end + NAME_POINTER.len() + 10).ok()?];
            for host in [1, 2] {
                let mut address = [0; 16];
                (address[0], address[1], address[15]) = (0x20, 0x01, host);
                record(reply, target, AAAA, &address);
            }
        }
        // The zone is all but the first label.
        _ => {
            let zone = [0xc0, 13 + asked.get(NAME)?];
            record(reply, zone, SOA, &SOA_DATA);
        }
    }
    if with_edns > 0 {
        reply.extend([0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0]);
    }
    Some(())
}

fn record(reply: &mut Vec<u8>, owner: [u8; 2], record_type: u16, data: &[u8]) {
    let length = u16::try_from(data.len()).unwrap_or_default();
    reply.extend(owner);
    reply.extend(record_type.to_be_bytes());
    reply.extend([0, 1]);
    reply.extend(TTL);
    reply.extend(length.to_be_bytes());
    reply.extend(data);
}
