//! A well-behaved SMTP server that takes no message, as a state machine of lines.

use super::script::Service;

/// What it knows of the session.
#[derive(Debug)]
pub(super) struct Responder<'a> {
    service: &'a Service,
    greeted: bool,
    reverse_path: bool,
    forward_paths: bool,
}

/// What to do after the reply is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Read,
    StartTls,
    Close,
}

impl<'a> Responder<'a> {
    pub(super) fn new(service: &'a Service) -> Self {
        Self {
            service,
            greeted: false,
            reverse_path: false,
            forward_paths: false,
        }
    }

    /// The reply to a command line.
    pub(super) fn respond(&mut self, line: &[u8], tls: bool) -> (Vec<u8>, Next) {
        let mut words = line.splitn(2, |&byte| byte == b' ');
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        let argument = words.next().unwrap_or_default().trim_ascii();
        if let Some(reply) = self.service.replies.get(&verb) {
            let next = if verb == b"QUIT" {
                Next::Close
            } else {
                Next::Read
            };
            return (reply.clone(), next);
        }
        let (reply, next) = match verb.as_slice() {
            b"EHLO" | b"HELO" if argument.is_empty() => {
                ("501 5.5.4 A domain is needed", Next::Read)
            }
            b"EHLO" => return (self.extensions(tls), Next::Read),
            b"HELO" => return (self.hello(), Next::Read),
            b"STARTTLS" => self.starttls(argument, tls),
            b"NOOP" => ("250 2.0.0 OK", Next::Read),
            b"RSET" => {
                self.forget();
                ("250 2.0.0 OK", Next::Read)
            }
            b"VRFY" => ("252 2.1.5 Cannot verify", Next::Read),
            b"HELP" => ("214 2.0.0 See RFC 5321", Next::Read),
            b"QUIT" => ("221 2.0.0 Bye", Next::Close),
            b"AUTH" => ("535 5.7.8 Not known here", Next::Read),
            b"MAIL" | b"RCPT" | b"DATA" => (self.transaction(&verb), Next::Read),
            _ => ("500 5.5.2 Not known", Next::Read),
        };
        (format!("{reply}\r\n").into_bytes(), next)
    }

    /// RFC 5321, section 4.1.1.1, and the extensions of RFC 3207, 2920, 1870, 2034, 6152 and 4954.
    fn extensions(&mut self, tls: bool) -> Vec<u8> {
        self.forget();
        self.greeted = true;
        let Service {
            host,
            starttls,
            auth,
            ..
        } = self.service;
        let mut reply = format!("250-{host}\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n");
        // RFC 3207, section 4.2: not offered once TLS is there.
        if *starttls && !tls {
            reply.push_str("250-STARTTLS\r\n");
        }
        if *auth && tls {
            reply.push_str("250-AUTH PLAIN LOGIN\r\n");
        }
        reply.push_str("250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n");
        reply.into_bytes()
    }

    fn hello(&mut self) -> Vec<u8> {
        self.forget();
        self.greeted = true;
        format!("250 {}\r\n", self.service.host).into_bytes()
    }

    /// RFC 3207, section 4.
    fn starttls(&mut self, argument: &[u8], tls: bool) -> (&'static str, Next) {
        if !argument.is_empty() {
            ("501 5.5.4 No parameters allowed", Next::Read)
        } else if tls {
            ("503 5.5.1 TLS is there already", Next::Read)
        } else if !self.service.starttls {
            ("502 5.5.1 Not offered", Next::Read)
        } else {
            self.greeted = false;
            self.forget();
            ("220 2.0.0 Ready to start TLS", Next::StartTls)
        }
    }

    /// RFC 5321, section 4.1.4: the order of commands.
    fn transaction(&mut self, verb: &[u8]) -> &'static str {
        match verb {
            b"MAIL" if self.greeted && !self.reverse_path => {
                self.reverse_path = true;
                "250 2.1.0 OK"
            }
            b"RCPT" if self.reverse_path => {
                self.forward_paths = true;
                "250 2.1.5 OK"
            }
            b"DATA" if self.forward_paths => "554 5.7.1 No message is taken here",
            _ => "503 5.5.1 Not now",
        }
    }

    fn forget(&mut self) {
        self.reverse_path = false;
        self.forward_paths = false;
    }
}
