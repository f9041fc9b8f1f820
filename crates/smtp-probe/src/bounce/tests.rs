use super::*;

#[track_caller]
fn parse(message: &str) -> Bounce {
    Bounce::parse(message.replace('\n', "\r\n").as_bytes()).expect("a bounce")
}

/// The address, the action, the codes and the reason of each recipient.
fn told(bounce: &Bounce) -> Vec<String> {
    let each = bounce.recipients.iter().map(|one| {
        let diagnosis = &one.diagnosis;
        let code = diagnosis
            .code
            .map_or("-".to_owned(), |code| code.to_string());
        let enhanced = diagnosis
            .enhanced
            .map_or("-".to_owned(), |code| code.to_string());
        format!(
            "{} {code} {enhanced} {}",
            one.address.as_deref().unwrap_or("-"),
            diagnosis.reason
        )
    });
    each.collect()
}

const REPORT: &str = "From: MAILER-DAEMON@out.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"
MIME-Version: 1.0

--b
Content-Type: text/plain

This is the mail system at host out.example.

<a@b.example>: host mx.b.example[192.0.2.1] said: 550 5.1.1 No such user
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; out.example
Arrival-Date: Sun, 29 Nov 2026 00:00:00 +0000

Final-Recipient: rfc822; a@b.example
Original-Recipient: rfc822; c@d.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.b.example
Diagnostic-Code: smtp; 550 5.1.1 <a@b.example>: Recipient
    address rejected: User unknown

Final-Recipient: rfc822; e@f.example
Action: delayed
Status: 4.2.2 (full)
Diagnostic-Code: smtp; 452 4.2.2 mailbox is full
--b
Content-Type: message/rfc822

From: me@out.example
To: a@b.example
Subject: mailbox full

550 5.7.1 spam
--b--
";

#[test]
fn a_report_in_parts_is_read_by_its_fields() {
    let bounce = parse(REPORT);
    assert_eq!(bounce.kind, BounceKind::Failure);
    assert_eq!(bounce.system, Some(System::Postfix));
    assert_eq!(bounce.reporting_mta.as_deref(), Some("out.example"));
    assert_eq!(
        told(&bounce),
        [
            "a@b.example 550 5.1.1 user unknown",
            "e@f.example 452 4.2.2 mailbox full"
        ]
    );
    let first = &bounce.recipients[0];
    assert_eq!(first.original.as_deref(), Some("c@d.example"));
    assert_eq!(first.remote_mta.as_deref(), Some("mx.b.example"));
    assert_eq!(first.action, Some(Action::Failed));
    assert_eq!(bounce.recipients[1].action, Some(Action::Delayed));
}

#[test]
fn kinds_follow_from_the_actions() {
    let kind = |action: &str| {
        parse(
            &REPORT
                .replace("Action: failed", action)
                .replace("Action: delayed", action),
        )
        .kind
    };
    assert_eq!(kind("Action: failed"), BounceKind::Failure);
    assert_eq!(kind("Action: delayed"), BounceKind::Delay);
    assert_eq!(kind("Action: relayed"), BounceKind::Success);
    assert_eq!(kind("Action: delivered"), BounceKind::Success);
}

#[test]
fn qmail_tells_each_recipient_in_its_paragraph() {
    let bounce = parse(
        "From: MAILER-DAEMON@out.example
Subject: failure notice

Hi. This is the qmail-send program at out.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<a@b.example>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 User unknown
Giving up on 192.0.2.1.

<e@f.example>:
Sorry, I couldn't find any host named f.example. (#5.1.2)

--- Below this line is a copy of the message.

Return-Path: <me@out.example>
To: x@y.example

550 mailbox full
",
    );
    assert_eq!(bounce.system, Some(System::Qmail));
    assert_eq!(
        told(&bounce),
        [
            "a@b.example 550 5.1.1 user unknown",
            "e@f.example - 5.1.2 host unknown"
        ]
    );
}

#[test]
fn exim_and_sendmail_write_for_people() {
    let bounce = parse(
        "From: Mail Delivery System <Mailer-Daemon@out.example>
X-Failed-Recipients: a@b.example
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

  a@b.example
    host mx.b.example [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<a@b.example>:
    552 5.2.2 over quota

------ This is a copy of the message, including all the headers. ------
",
    );
    assert_eq!(
        (bounce.kind, bounce.system),
        (BounceKind::Failure, Some(System::Exim))
    );
    assert_eq!(told(&bounce), ["a@b.example 552 5.2.2 mailbox full"]);
    let bounce = parse(
        "From: Mail Delivery Subsystem <MAILER-DAEMON@out.example>
Subject: Returned mail: User unknown

   ----- The following addresses had permanent fatal errors -----
<a@b.example>

   ----- Transcript of session follows -----
... while talking to mx.b.example.:
>>> RCPT To:<a@b.example>
<<< 550 5.1.1 No such person
550 <a@b.example>... User unknown
>>> DATA
<<< 503 5.0.0 Need RCPT (recipient)
",
    );
    assert_eq!(told(&bounce), ["a@b.example 550 5.1.1 user unknown"]);
}

#[test]
fn complaints_answers_and_successes_are_no_failures() {
    let complaint = parse(
        "From: fbl@b.example
Subject: complaint
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

It is one.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: x/1
Original-Rcpt-To: <a@b.example>
Original-Rcpt-To: <c@b.example>
--b--
",
    );
    assert_eq!(complaint.kind, BounceKind::Feedback);
    assert_eq!(complaint.feedback_type.as_deref(), Some("abuse"));
    assert_eq!(complaint.recipients.len(), 2);
    let answer = parse(
        "From: a@b.example\nSubject: Out of office: hello\nAuto-Submitted: auto-replied\n\nI am away. Quota, mailbox full, 550.\n",
    );
    assert_eq!(answer.kind, BounceKind::AutoReply);
    let success = parse(
        "From: n@ses.example\nSubject: Notification\n\n{\"notificationType\":\"Delivery\",\"delivery\":{\"recipients\":[\"a@b.example\"],\"smtpResponse\":\"250 2.6.0 ok\"}}\n",
    );
    assert_eq!(success.kind, BounceKind::Success);
    let bounce = parse(
        "From: n@ses.example\nSubject: Notification\n\n{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[{\"emailAddress\":\"a@b.example\",\"action\":\"failed\",\"status\":\"5.1.1\",\"diagnosticCode\":\"smtp; 550 5.1.1 user unknown\"}]}}\n",
    );
    assert_eq!(told(&bounce), ["a@b.example 550 5.1.1 user unknown"]);
}

#[test]
fn other_mail_is_none() {
    for message in [
        "",
        "hello",
        "From: a@b.example\nSubject: hello\n\nShall we meet? My room is 550.\n",
        "From: a@b.example\nSubject: Re: mail\n\n> 550 5.1.1 user unknown\nWhat is this?\n",
    ] {
        assert_eq!(Bounce::parse(message.as_bytes()), None, "{message}");
    }
}

#[test]
fn hostile_nesting_ends() {
    for (unit, times) in [
        ("Content-Type: message/rfc822\r\n\r\n", 8_000),
        ("Content-Type: message/ RFC822\r\n\r\n", 8_000),
        ("Content-Type: message/(x)rfc822\r\n\r\n", 8_000),
        (
            "Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\n",
            5_000,
        ),
        ("Content-Type: message/global\r\n\r\n", 8_000),
    ] {
        let message = format!("Subject: x\r\n{}", unit.repeat(times));
        let bounce = Bounce::parse(message.as_bytes());
        assert!(
            bounce.is_none_or(|bounce| bounce.recipients.len() <= 256),
            "{unit}"
        );
    }
}

#[test]
fn hostile_counts_are_bounded() {
    let lines: String = (0..2_000)
        .map(|number| format!("<a{number}@b.example>: 550 no such user\r\n\r\n"))
        .collect();
    let message = format!("From: MAILER-DAEMON@x\r\nSubject: failure notice\r\n\r\n{lines}");
    let bounce = Bounce::parse(message.as_bytes()).expect("a bounce");
    assert_eq!(bounce.recipients.len(), 256);
    assert!(bounce.is_truncated);
}
