use super::*;

#[track_caller]
fn check(text: &str, reason: Reason) {
    let found = Diagnosis::of_text(text.as_bytes());
    assert_eq!(found.reason, reason, "{text}\n{found:?}");
    let shown = Escaped(text.as_bytes()).to_string();
    assert!(shown.contains(&found.matched), "{found:?}");
    // A reply says the same as the text of it.
    if let Ok(reply) = Reply::parse(format!("{text}\r\n").as_bytes()) {
        let of_reply = Diagnosis::of_reply(&reply);
        assert_eq!(of_reply.reason, reason, "{text}\n{of_reply:?}");
        assert!(
            reply.to_string().contains(&of_reply.matched),
            "{of_reply:?}"
        );
    }
}

#[test]
fn greetings_and_ehlo_of_postfix() {
    check(
        "421 4.7.0 mx.example Error: too many connections from 192.0.2.1",
        Reason::TooManyConnections,
    );
    check(
        "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]",
        Reason::ReverseDns,
    );
    check(
        "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]",
        Reason::ReverseDns,
    );
    check(
        "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied",
        Reason::Policy,
    );
    check(
        "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname",
        Reason::EhloRefused,
    );
    check(
        "450 4.7.1 <x.example>: Helo command rejected: Host not found",
        Reason::EhloRefused,
    );
    check(
        "421 4.3.2 All server ports are busy",
        Reason::TooManyConnections,
    );
    check("521 5.5.1 Protocol error", Reason::Protocol);
    check(
        "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org",
        Reason::Blocklisted,
    );
    check(
        "450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted, see https://postgrey.example/help",
        Reason::Greylisted,
    );
    check(
        "450 4.1.7 <a@b.example>: Sender address rejected: unverified address: Address lookup failed",
        Reason::SenderRefused,
    );
    check(
        "450 4.1.8 <a@b.example>: Sender address rejected: Domain not found",
        Reason::SenderRefused,
    );
    check(
        "530 5.7.0 Must issue a STARTTLS command first",
        Reason::TlsRequired,
    );
    check(
        "554 5.7.1 <a@b.example>: Relay access denied",
        Reason::RelayDenied,
    );
    check(
        "450 4.7.1 Error: too much mail from 192.0.2.1",
        Reason::RateLimited,
    );
    check("452 4.3.1 Insufficient system storage", Reason::SystemFull);
    check(
        "550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in virtual mailbox table",
        Reason::UserUnknown,
    );
}

#[test]
fn greetings_and_ehlo_of_other_servers() {
    check(
        "421 Too many concurrent SMTP connections; please try again later",
        Reason::TooManyConnections,
    );
    check(
        "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)",
        Reason::EhloRefused,
    );
    check(
        "501 Syntactically invalid HELO argument(s)",
        Reason::EhloRefused,
    );
    check("550 Sender verify failed", Reason::SenderRefused);
    check(
        "451 Temporary local problem - please try later",
        Reason::System,
    );
    check("550 relay not permitted", Reason::RelayDenied);
    check("554 SMTP synchronization error", Reason::Protocol);
    check(
        "530 5.5.1 Invalid command: Must issue an AUTH command first",
        Reason::AuthRequired,
    );
    check("550 Invalid recipient: <a@b.example>", Reason::UserUnknown);
    check(
        "421 4.3.2 Connection rate limit exceeded.",
        Reason::TooManyConnections,
    );
    check(
        "421 4.7.0 mx.example Too many open connections.",
        Reason::TooManyConnections,
    );
    check(
        "553 5.1.8 <a@b.example>... Domain of sender address a@b.example does not exist",
        Reason::SenderRefused,
    );
    check(
        "550 5.7.1 <a@b.example>... Relaying denied",
        Reason::RelayDenied,
    );
    check(
        "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
        Reason::RelayDenied,
    );
    check(
        "553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)",
        Reason::SenderRefused,
    );
    check(
        "552 sorry, that message size exceeds my databytes limit (#5.3.4)",
        Reason::TooLarge,
    );
    check(
        "554 too many hops, this message is looping (#5.4.6)",
        Reason::Loop,
    );
    check("451 4.7.1 Try again later", Reason::Greylisted);
    check(
        "450 Greylisted, please try again in 180 seconds",
        Reason::Greylisted,
    );
    check(
        "550 5.7.1 Message rejected as spam by Content Filtering.",
        Reason::Spam,
    );
    check("554 5.7.1 Spam message rejected", Reason::Spam);
    check("550 Gtube pattern; rspamd", Reason::Spam);
    check(
        "554 5.7.0 Reject, id=12345-06 - VIRUS: Eicar-Test-Signature",
        Reason::Virus,
    );
}

#[test]
fn refusals_of_microsoft() {
    check(
        "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).",
        Reason::Blocklisted,
    );
    check(
        "550 5.7.606 Access denied, banned sending IP [192.0.2.1]",
        Reason::Blocklisted,
    );
    check(
        "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.",
        Reason::Reputation,
    );
    check(
        "451 4.7.500 Server busy. Please try again later from [192.0.2.1].",
        Reason::RateLimited,
    );
    check(
        "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
        Reason::RelayDenied,
    );
    check(
        "550 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
        Reason::AuthRequired,
    );
    check("452 4.3.1 Insufficient system resources", Reason::System);
    check(
        "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
        Reason::UserUnknown,
    );
    check(
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        Reason::UserUnknown,
    );
    check(
        "550 5.7.515 Access denied, sending domain b.example doesn't meet the required authentication level.",
        Reason::AuthenticationFailure,
    );
    check(
        "421 4.7.66 TLS 1.0 and 1.1 are not supported. TLS connection required",
        Reason::TlsRequired,
    );
}

#[test]
fn refusals_of_google_yahoo_and_apple() {
    check(
        "421-4.7.0 unsolicited mail originating from your IP address. To protect our users",
        Reason::Reputation,
    );
    check(
        "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.",
        Reason::RateLimited,
    );
    check(
        "550-5.7.26 Your email has been blocked because the sender is unauthenticated. SPF and DKIM did not pass",
        Reason::AuthenticationFailure,
    );
    check(
        "550-5.1.1 The email account that you tried to reach does not exist.",
        Reason::UserUnknown,
    );
    check(
        "452 4.2.2 The recipient's inbox is out of storage space.",
        Reason::MailboxFull,
    );
    check(
        "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail",
        Reason::Reputation,
    );
    check(
        "550-5.7.25 The IP address sending this message does not have a PTR record setup",
        Reason::ReverseDns,
    );
    check(
        "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints",
        Reason::Reputation,
    );
    check(
        "421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; retrying will NOT succeed",
        Reason::RateLimited,
    );
    check(
        "554 5.7.9 Message not accepted for policy reasons.",
        Reason::Policy,
    );
    check(
        "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list",
        Reason::Blocklisted,
    );
    check(
        "550 5.7.1 [HM08] Message rejected due to local policy.",
        Reason::Policy,
    );
    check(
        "554 5.7.1 Your message was rejected due to b.example's DMARC policy.",
        Reason::AuthenticationFailure,
    );
}

#[test]
fn refusals_of_other_receivers() {
    check(
        "554-mx.example Service not available\r\n554-No SMTP service\r\n554-Bad DNS PTR resource record.\r\n554 For explanation visit https://postmaster.gmx.example/?c=rdns",
        Reason::ReverseDns,
    );
    check(
        "421 Rate limit reached. Please try again later",
        Reason::RateLimited,
    );
    check(
        "554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help or to contact tosa@b.example to clarify.) (BL)",
        Reason::Blocklisted,
    );
    check(
        "550 spam message rejected. Please visit http://help.example/notspam",
        Reason::Spam,
    );
    check(
        "550 Message was not accepted -- invalid mailbox. Local mailbox a@b.example is unavailable: user not found",
        Reason::UserUnknown,
    );
    check(
        "550 Ip frequency limited. See http://service.mail.example",
        Reason::RateLimited,
    );
    check("421 HL:ICC,mx1,1700000000", Reason::TooManyConnections);
    check("421 HL:REP,mx1,1700000000", Reason::Reputation);
    check("554 DT:SPM mx1,1700000000", Reason::Spam);
    check(
        "550 csi.mimecast.example Poor Reputation Sender.",
        Reason::Reputation,
    );
    check(
        "550 Administrative prohibition - envelope blocked",
        Reason::SenderRefused,
    );
    check("550 5.7.0 Local Policy Violation", Reason::Policy);
    check(
        "554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1",
        Reason::Blocklisted,
    );
    check(
        "554-esa.b.example\r\n554 Your access to this mail system has been rejected due to the sending MTA's poor reputation.",
        Reason::Reputation,
    );
    check(
        "452 Too many recipients received this hour",
        Reason::RateLimited,
    );
    check("550 rejected by Barracuda Reputation", Reason::Blocklisted);
    check("521 b.example does not accept mail", Reason::NoMailAccepted);
    check(
        "556 5.1.10 Recipient address has a null MX",
        Reason::NoMailAccepted,
    );
    check("550 Benutzer unbekannt", Reason::UserUnknown);
    check("550 Адресат не найден: ящик не найден", Reason::UserUnknown);
    check("550 收件人不存在", Reason::UserUnknown);
    check("552 5.2.2 Postfach ist voll", Reason::MailboxFull);
}

#[test]
fn words_of_a_sense_tell_in_any_order() {
    check(
        "550 nobody knows of an account like that; unknown here",
        Reason::UserUnknown,
    );
    check(
        "550 cannot find, alas, any such person",
        Reason::UserUnknown,
    );
    check(
        "550 Frozen since last year, this inbox",
        Reason::UserDisabled,
    );
    check(
        "552 no more: the inbox is, sadly, quite full",
        Reason::MailboxFull,
    );
    check(
        "550 banned is every sender of that kind",
        Reason::SenderRefused,
    );
    check(
        "550 for that site, relaying is what we have disallowed",
        Reason::RelayDenied,
    );
    check("550 El usuario que busca no existe", Reason::UserUnknown);
    check(
        "550 O destinatário que procura não existe",
        Reason::UserUnknown,
    );
    check(
        "552 Das Postfach von Herrn X ist leider voll",
        Reason::MailboxFull,
    );
    check("550 Такой пользователь нам неизвестен", Reason::UserUnknown);
}

#[test]
fn a_word_of_refusal_alone_names_no_list() {
    check("554 5.7.1 blocked", Reason::Policy);
    check("550 Mail from your country is blocked", Reason::Policy);
    check(
        "550 blocked, see rbl.b.example: listed by them",
        Reason::Blocklisted,
    );
}

#[test]
fn a_command_out_of_order_is_no_refusal_of_the_name() {
    check("503 5.5.1 Duplicate HELO/EHLO", Reason::Protocol);
    check("500 'HELO': command not understood", Reason::Protocol);
    check("502 EHLO not supported", Reason::Protocol);
    check("550 HELO name rejected", Reason::EhloRefused);
}

#[test]
fn pasted_text_needs_no_form() {
    check(
        "the mailbox of that person is full, they say",
        Reason::MailboxFull,
    );
    check(
        "connect to mx.example[192.0.2.1]:25: Connection timed out",
        Reason::Network,
    );
    check(
        "host mx.example[192.0.2.1] said: 550 5.1.7 No such domain b.example (in reply to MAIL FROM command)",
        Reason::SenderRefused,
    );
    check(
        "Connected to 192.0.2.1 but my name was rejected. Remote host said: 501 5.0.0 No such domain",
        Reason::EhloRefused,
    );
    check("451 4.7.500 Server busy", Reason::RateLimited);
    check(
        "smtp; 550 5.1.6 recipient no longer on server",
        Reason::UserMoved,
    );
    check(
        "Google tried to deliver your message, but it was rejected by the server for the domain. The error was: 550 no such user",
        Reason::UserUnknown,
    );
    check("250 2.1.5 OK user unknown", Reason::Unknown);
    check("hello", Reason::Unknown);
    check("", Reason::Unknown);
}

#[test]
fn names_do_not_decide() {
    check(
        "550 <spam@blacklisted.example>: no",
        Reason::RecipientRefused,
    );
    check(
        "550 host user-unknown.mailbox-full.example no",
        Reason::RecipientRefused,
    );
    check(
        "550 see http://virus.example/mailbox/full",
        Reason::RecipientRefused,
    );
    check(
        "250-STARTTLS.example greets greylist.example",
        Reason::Unknown,
    );
}

#[test]
fn item_77_greylisting_tells_when_to_come_again() {
    let found = Diagnosis::of_text(
        b"450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted, try again in 5 minutes",
    );
    assert_eq!(found.reason, Reason::Greylisted);
    assert_eq!(found.retry_after, Some(Duration::from_secs(300)));
    assert_eq!(found.confidence, Confidence::High);
    assert_eq!(found.matched, "Greylisted");
}

#[test]
fn confidence_says_what_it_was_drawn_from() {
    let confidence = |text: &str| Diagnosis::of_text(text.as_bytes()).confidence;
    assert_eq!(confidence("550 5.1.1 no such user"), Confidence::High);
    assert_eq!(confidence("550 5.1.1 x"), Confidence::Medium);
    assert_eq!(confidence("550 x"), Confidence::Low);
    assert_eq!(confidence("x"), Confidence::None);
    assert_eq!(confidence("550 denied"), Confidence::Low);
}

#[test]
fn a_list_is_named_where_the_reason_is_one() {
    let list = |text: &str| Diagnosis::of_text(text.as_bytes()).list;
    assert_eq!(
        list("554 5.7.1 Client host [192.0.2.1] blocked using bl.spamcop.net").as_deref(),
        Some("bl.spamcop.net")
    );
    assert_eq!(list("550 5.1.1 No such user; bl.spamcop.net"), None);
}

#[test]
fn item_11_text_beyond_ascii_and_beyond_the_limit_is_read_as_octets() {
    let found = Diagnosis::of_text(b"550 \xff\xfe mailbox full \x1b[2J");
    assert_eq!(
        (found.reason, found.matched.as_str()),
        (Reason::MailboxFull, "mailbox full")
    );
    let mut long = vec![b'x'; text::LIMIT];
    long.extend_from_slice(b" mailbox full");
    assert_eq!(Diagnosis::of_text(&long).reason, Reason::Unknown);
}

#[test]
fn item_78_the_code_of_a_reply_goes_with_its_enhanced_code() {
    let reply = Reply::parse(b"550 #5.1.0 Address rejected.\r\n").expect("a reply");
    let found = Diagnosis::of_reply(&reply);
    assert_eq!(
        found.enhanced.map(|code| code.to_string()).as_deref(),
        Some("5.1.0")
    );
    let reply = Reply::parse(b"550 Sorry, 4.4.1 is of another class\r\n").expect("a reply");
    assert_eq!(Diagnosis::of_reply(&reply).enhanced, None);
}
