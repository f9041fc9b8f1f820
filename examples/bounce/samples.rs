//! What is told of without a file: a message of each kind, a log and a pasted reply, all made up.

pub(crate) const ALL: [(&str, &str); 5] = [
    ("report.eml", REPORT),
    ("qmail.eml", QMAIL),
    ("complaint.eml", COMPLAINT),
    (
        "pasted reply",
        "host mx.b.example[192.0.2.1] said: 554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using zen.spamhaus.org (in reply to RCPT TO command)",
    ),
    ("mail.log", LOG),
];

const REPORT: &str = "From: MAILER-DAEMON@out.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

This is the mail system at host out.example.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; out.example

Final-Recipient: rfc822; nobody@b.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.b.example
Diagnostic-Code: smtp; 550 5.1.1 <nobody@b.example>: Recipient address
    rejected: User unknown in virtual mailbox table

Final-Recipient: rfc822; full@c.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Over quota

Final-Recipient: rfc822; odd@d.example
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 554 No thanks
--b--
";

const QMAIL: &str = "From: MAILER-DAEMON@out.example
Subject: failure notice

Hi. This is the qmail-send program at out.example.

<a@e.example>:
192.0.2.1 does not like recipient.
Remote host said: 450 4.7.1 Greylisted, try again in 00:04:59
I'm not going to try again; this message has been in the queue too long.

--- Below this line is a copy of the message.

Return-Path: <me@out.example>
";

const COMPLAINT: &str = "From: fbl@f.example
Subject: complaint about message from 198.51.100.7
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Sample/1
Original-Rcpt-To: <somebody@f.example>
--b--
";

const LOG: &str = "\
Nov 29 08:00:01 out postfix/smtp[7]: 4A1: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)
Nov 29 08:10:01 out postfix/smtp[7]: 4A2: to=<b@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=5.1.1, status=bounced (host mx.b.example[192.0.2.1] said: 550 5.1.1 No such user (in reply to RCPT TO command))
Nov 29 08:20:01 out postfix/smtp[7]: 4A3: to=<a@c.example>, relay=none, delay=30, delays=0/0/30/0, dsn=4.4.1, status=deferred (connect to mx.c.example[192.0.2.2]:25: Connection timed out)
Nov 29 09:10:01 out postfix/smtp[7]: 4A4: to=<c@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=5.7.1, status=bounced (host mx.b.example[192.0.2.1] said: 550 5.7.1 Client host [198.51.100.7] blocked using zen.spamhaus.org)
Nov 29 09:20:01 out postfix/smtp[7]: 4A5: to=<d@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=5.7.1, status=bounced (host mx.b.example[192.0.2.1] said: 550 5.7.1 Client host [198.51.100.7] blocked using zen.spamhaus.org)
Nov 29 09:30:01 in postfix/smtpd[7]: connect from h.example[192.0.2.9]
";
