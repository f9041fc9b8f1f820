//! Replies as servers send them, and as they should not.

/// What each shows, and the octets.
pub(crate) const STREAMS: [(&str, &[u8]); 9] = [
    (
        "a session",
        b"220 mx.example ESMTP\r\n250-mx.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-AUTH=LOGIN PLAIN\r\n\
          250-LIMITS RCPTMAX=100\r\n250-SMTPUTF8\r\n250 STARTTLS\r\n220 2.0.0 Ready to start TLS\r\n221 2.0.0 Bye\r\n",
    ),
    (
        "refusals",
        b"421 4.7.0 mx.example Too many connections from your address, try again in 5 minutes\r\n\
          450 4.2.0 <b@c.example>: Recipient address rejected: Greylisted\r\n\
          554-5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org\r\n\
          554 5.7.1 https://www.spamhaus.org/query/ip/192.0.2.1\r\n550 no\r\n",
    ),
    (
        "a greeting that changes its mind: the worst code counts",
        b"220-mx.example ESMTP\r\n521 5.7.1 go away\r\n",
    ),
    (
        "bare line feeds, and a carriage return that is no line end",
        b"250-a\n250 ok\r250 evil\n",
    ),
    (
        "Latin-1, NUL and a terminal's escape sequence, which is shown and not obeyed",
        b"220 caf\xe9 \0 \x1b[2J\r\n",
    ),
    ("codes and separators that are none", b"2500 ok\r\n660 ok\r\n250\tok\r\n"),
    ("a line without a code", b"214-Commands:\r\n  HELO EHLO\r\n214 end\r\n"),
    ("no line end: this is no reply yet", b"250 OK"),
    ("not SMTP", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
];
