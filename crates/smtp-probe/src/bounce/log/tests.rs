use super::*;
use crate::diagnosis::Reason;

#[track_caller]
fn parse(line: &str) -> LogLine {
    let found =
        LogLine::parse(line.as_bytes()).unwrap_or_else(|| panic!("a line that is known: {line}"));
    let at = |range: &Range<usize>| {
        line.as_bytes()
            .get(range.clone())
            .map(|octets| Escaped(octets).to_string())
    };
    assert_eq!(
        at(&found.text_at).as_deref(),
        Some(found.text.as_str()),
        "{line}"
    );
    assert_eq!(
        found.recipient_at.as_ref().and_then(at),
        found.recipient,
        "{line}"
    );
    found
}

#[track_caller]
fn check(
    line: &str,
    disposition: Disposition,
    recipient: Option<&str>,
    relay: (Option<&str>, Option<&str>),
    dsn: Option<&str>,
    reason: Reason,
) {
    let found = parse(line);
    assert_eq!(found.disposition, disposition, "{line}");
    assert_eq!(found.recipient.as_deref(), recipient, "{line}");
    assert_eq!(found.relay_host.as_deref(), relay.0, "{line}");
    assert_eq!(
        found
            .relay_address
            .map(|address| address.to_string())
            .as_deref(),
        relay.1,
        "{line}"
    );
    assert_eq!(
        found.dsn.map(|code| code.to_string()).as_deref(),
        dsn,
        "{line}"
    );
    assert_eq!(found.diagnosis.reason, reason, "{line}\n{found:?}");
}

const MX: (Option<&str>, Option<&str>) = (Some("mx.b.example"), Some("192.0.2.1"));

#[test]
fn deliveries_of_postfix() {
    let head = "Nov 29 00:34:26 out postfix/smtp[77]: 4Xq1: to=<a@b.example>, orig_to=<c>, relay=mx.b.example[192.0.2.1]:25, delay=1.2, delays=0/0/1/0.2,";
    check(
        &format!(
            "{head} dsn=5.1.1, status=bounced (host mx.b.example[192.0.2.1] said: 550 5.1.1 <a@b.example>: User unknown (in reply to RCPT TO command))"
        ),
        Disposition::Bounced,
        Some("a@b.example"),
        MX,
        Some("5.1.1"),
        Reason::UserUnknown,
    );
    check(
        &format!("{head} dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4Xq2)"),
        Disposition::Sent,
        Some("a@b.example"),
        MX,
        Some("2.0.0"),
        Reason::Unknown,
    );
    check(
        "2024-05-09T12:34:45.123456+02:00 out postfix/smtp[77]: 4Xq1: to=<a@b.example>, relay=none, delay=30, delays=0/0/30/0, dsn=4.4.1, status=deferred (connect to mx.b.example[192.0.2.1]:25: Connection timed out)",
        Disposition::Deferred,
        Some("a@b.example"),
        (None, None),
        Some("4.4.1"),
        Reason::Network,
    );
    check(
        "Nov 29 00:34:26 in postfix/local[7]: AB12: to=<a@b.example>, relay=local, delay=0.1, delays=0.1/0/0/0, dsn=5.1.1, status=bounced (unknown user: \"a\")",
        Disposition::Bounced,
        Some("a@b.example"),
        (None, None),
        Some("5.1.1"),
        Reason::UserUnknown,
    );
    check(
        "Nov 29 00:34:26 in postfix/qmgr[7]: AB12: from=<c@d.example>, status=expired, returned to sender",
        Disposition::Expired,
        None,
        (None, None),
        None,
        Reason::Expired,
    );
    check(
        "<22>Nov 29 00:34:26 in postfix/lmtp[7]: AB12: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:24, delay=0, delays=0/0/0/0, dsn=4.2.2, status=SOFTBOUNCE (host mx.b.example[192.0.2.1] said: 452 4.2.2 <a@b.example> Mailbox is full)",
        Disposition::Deferred,
        Some("a@b.example"),
        MX,
        Some("4.2.2"),
        Reason::MailboxFull,
    );
}

#[test]
fn refusals_of_postfix() {
    check(
        "Nov 29 00:34:26 in postfix/smtpd[7]: NOQUEUE: reject: RCPT from c.example[192.0.2.9]: 450 4.7.1 <a@b.example>: Recipient address rejected: Greylisted; from=<x@y.example> to=<a@b.example> proto=ESMTP helo=<c.example>",
        Disposition::RejectedForNow,
        Some("a@b.example"),
        (Some("c.example"), Some("192.0.2.9")),
        Some("4.7.1"),
        Reason::Greylisted,
    );
    check(
        "Nov 29 00:34:26 in postfix/postscreen[7]: NOQUEUE: reject: RCPT from [2001:db8::9]:4711: 550 5.7.1 Service unavailable; client [2001:db8::9] blocked using zen.spamhaus.org; from=<>, to=<a@b.example>, proto=ESMTP, helo=<c.example>",
        Disposition::Rejected,
        Some("a@b.example"),
        (None, Some("2001:db8::9")),
        Some("5.7.1"),
        Reason::Blocklisted,
    );
    check(
        "Nov 29 00:34:26 in postfix/cleanup[7]: AB12: milter-reject: END-OF-MESSAGE from c.example[192.0.2.9]: 5.7.1 Spam message rejected; from=<x@y.example> to=<a@b.example> proto=ESMTP helo=<c.example>",
        Disposition::Rejected,
        Some("a@b.example"),
        (Some("c.example"), Some("192.0.2.9")),
        Some("5.7.1"),
        Reason::Spam,
    );
}

#[test]
fn lines_of_exim() {
    check(
        "2024-05-09 12:34:45 1abCDe-0003xY-2Z ** a@b.example R=dnslookup T=remote_smtp H=mx.b.example [192.0.2.1] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes: SMTP error from remote mail server after RCPT TO:<a@b.example>: 550 5.1.1 No such user",
        Disposition::Bounced,
        Some("a@b.example"),
        MX,
        Some("5.1.1"),
        Reason::UserUnknown,
    );
    check(
        "2024-05-09 12:34:45 [77] 1abCDe-00000003xY1-2Zab == alias <a@b.example> R=dnslookup T=remote_smtp defer (-44) H=mx.b.example [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<a@b.example>: 450 4.2.2 mailbox full",
        Disposition::Deferred,
        Some("a@b.example"),
        MX,
        Some("4.2.2"),
        Reason::MailboxFull,
    );
    check(
        "2024-05-09 12:34:45 1abCDe-0003xY-2Z => a@b.example R=dnslookup T=remote_smtp H=mx.b.example [192.0.2.1] C=\"250 ok\"",
        Disposition::Sent,
        Some("a@b.example"),
        MX,
        None,
        Reason::Unknown,
    );
    check(
        "2024-05-09 12:34:45 1abCDe-0003xY-2Z ** a@b.example: retry timeout exceeded",
        Disposition::Expired,
        Some("a@b.example"),
        (None, None),
        None,
        Reason::Expired,
    );
    check(
        "2024-05-09 12:34:45 H=(c.example) [192.0.2.9] F=<x@y.example> rejected RCPT <a@b.example>: relay not permitted",
        Disposition::Rejected,
        Some("a@b.example"),
        (None, Some("192.0.2.9")),
        None,
        Reason::RelayDenied,
    );
    check(
        "Nov 29 00:34:26 in exim[7]: 2024-05-09 12:34:45 H=c.example [192.0.2.9] F=<x@y.example> temporarily rejected RCPT <a@b.example>: greylisted, try again in 5 minutes",
        Disposition::RejectedForNow,
        Some("a@b.example"),
        (Some("c.example"), Some("192.0.2.9")),
        None,
        Reason::Greylisted,
    );
    check(
        "2024-05-09 12:34:45 H=c.example [192.0.2.9] rejected EHLO or HELO x: syntactically invalid argument(s): x",
        Disposition::Rejected,
        None,
        (Some("c.example"), Some("192.0.2.9")),
        None,
        Reason::Protocol,
    );
}

#[test]
fn lines_of_opensmtpd() {
    check(
        "Nov 29 00:34:26 out smtpd[7]: 0123456789abcdef mta delivery evpid=fedcba9876543210 from=<x@y.example> to=<a@b.example> rcpt=<-> source=\"192.0.2.7\" relay=\"192.0.2.1 (mx.b.example)\" delay=2s result=\"PermFail\" stat=\"550 5.1.1 No such user\"",
        Disposition::Bounced,
        Some("a@b.example"),
        MX,
        Some("5.1.1"),
        Reason::UserUnknown,
    );
    check(
        "Nov 29 00:34:26 out smtpd[7]: smtp-out: TempFail for evpid fedcba9876543210: from=<x@y.example>, to=<a@b.example>, rcpt=<->, source=192.0.2.7, relay=192.0.2.1 (mx.b.example), delay=2s, stat=452 4.2.2 mailbox full",
        Disposition::Deferred,
        Some("a@b.example"),
        MX,
        Some("4.2.2"),
        Reason::MailboxFull,
    );
    check(
        "Nov 29 00:34:26 in smtpd[7]: 0123456789abcdef smtp failed-command address=192.0.2.9 host=c.example command=\"RCPT TO:<a@b.example>\" result=\"550 Invalid recipient: <a@b.example>\"",
        Disposition::Rejected,
        Some("a@b.example"),
        (Some("c.example"), Some("192.0.2.9")),
        None,
        Reason::UserUnknown,
    );
}

#[test]
fn the_time_is_kept() {
    let line = parse(
        "1970-01-01T02:00:01+02:00 out postfix/smtp[77]: 4Xq1: to=<a@b.example>, relay=none, dsn=4.4.1, status=deferred (x)",
    );
    assert_eq!(line.time, Some(Duration::from_secs(1)));
    assert_eq!(line.queue_id.as_deref(), Some("4Xq1"));
}

#[test]
fn other_lines_are_none() {
    for line in [
        "",
        "hello",
        "Nov 29 00:34:26 in postfix/smtpd[7]: connect from c.example[192.0.2.9]",
        "Nov 29 00:34:26 in postfix/qmgr[7]: AB12: removed",
        "Nov 29 00:34:26 in postfix/qmgr[7]: AB12: from=<a@b.example>, size=1, nrcpt=1 (queue active)",
        "Nov 29 00:34:26 in sshd[7]: status=sent (x)",
        "Nov 29 00:34:26 in smtpd[7]: 0123456789abcdef smtp connected address=192.0.2.9 host=c.example",
        "2024-05-09 12:34:45 1abCDe-0003xY-2Z Completed",
        "2024-05-09 12:34:45 1abCDe-0003xY-2Z <= x@y.example H=c.example [192.0.2.9] P=esmtp S=1",
    ] {
        assert_eq!(LogLine::parse(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn item_12_what_is_shown_is_escaped() {
    let line = b"Nov 29 00:34:26 o postfix/smtp[7]: A: to=<\x1b[2J@b.example>, relay=none, dsn=5.0.0, status=bounced (\xff)";
    let line = LogLine::parse(line).expect("a line");
    assert_eq!(line.recipient.as_deref(), Some("\\x1b[2J@b.example"));
    assert_eq!(line.text, "\\xff");
}
