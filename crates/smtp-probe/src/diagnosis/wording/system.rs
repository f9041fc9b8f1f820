//! About systems: faults, storage, programs, networks, loops and time.

use super::{CERTAIN, Family, HINT, OUTCOME, SURE, USUAL, family};
use crate::diagnosis::Reason;

pub(super) const FAMILIES: &[Family] = &[
    family(
        Reason::SystemFull,
        CERTAIN,
        "insufficient system storage; insufficient disk space; insufficient space; insufficient storage; \
         insufficient system resources disk; no space left on device; out of disk space; disk full; disk is full; \
         mail system full; system is full; low on space; not enough disk space; not enough space on disk; \
         queue file .. no space; file system full; filesystem full; spool full; out of space; queue is full",
    ),
    family(
        Reason::System,
        SURE,
        "system config error; config error; configuration error; configuration problem; server configuration; \
         server configuration problem; server configuration error; misconfigured; misconfiguration; \
         internal error; internal server error; internal system error; internal software error; internal problem; \
         local error in processing; local error; local configuration error; local problem; \
         temporary local problem; temporary server error; temporary system problem; temporary system error; \
         temporary internal; temporary lookup failure; temporary resolver; temporary authentication failure; \
         temporary backend failure; temporary message handling error; temporarily not available; server busy; \
         server too busy; server is busy; server error; server overloaded; server unavailable; server is down; \
         server shutting down; server down; system error; system busy; system load; system failure; \
         system overloaded; system resources; system incorrectly configured; \
         system not accepting network messages; system not capable; system unavailable; system is not accepting; \
         system down; out of memory; cannot allocate memory; insufficient system resources; \
         insufficient resources; resources temporarily unavailable; resources temporarily not available; \
         resource temporarily unavailable; load average; load too high; high load; overloaded; under maintenance; \
         maintenance; shutting down; cannot open; unable to open; i o error; input output error; database error; \
         db error; ldap error; ldap lookup; lookup failure; lookup failed; queue file write error; queue error; \
         read only file system; error writing; write error; could not load; could not connect to; \
         unable to process; unable to complete; cannot process; unexpected error; fatal error; software error; \
         process .. error; script error; policy service unavailable; milter; upstream error; backend error; \
         backend; storedrv; storage error; store driver; cannot create; permission denied on; bad file descriptor; \
         too many open files; bad configuration; service temporarily; problem with the recipient server; \
         delivery agent; hostname configuration; mailbox is busy; mailbox busy; mailbox locked by; \
         mail server unavailable; mx server error; aliasing; alias error; unable to accept; \
         could not be processed; processing error",
    ),
    // Said by everybody, of everything.
    family(
        Reason::System,
        HINT,
        "other mail system problem; service unavailable; service currently unavailable; \
         service temporarily unavailable; service is unavailable; service not available; service refused; \
         service refuse; service failure; try again later; please try again later; try later; try again; retry later; please retry; come back later; \
         currently unavailable; \
         closing transmission channel; temporary failure; temporary error; temporary problem; \
         temporarily unavailable; requested action aborted; error in processing; unknown error; transaction failed",
    ),
    family(
        Reason::Mailer,
        SURE,
        "command died with status; command output; unknown mailer error; mailer error; local delivery failed; \
         local delivery agent; delivery agent failed; mail delivery agent; procmail; maildrop; mail local; \
         dovecot lda; exit status; exited with status; exited with code; returned code; child process; pipe to; \
         program failed; program mode requires; can t create .. mailer; unix error; mailer .. failed; \
         died with signal; error code from .. transport; process died; x unix; local mailer; command died; \
         command failed; command time limit exceeded; system mailer; vdelivermail; lda",
    ),
    family(
        Reason::Network,
        CERTAIN,
        "connection timed out; connect timed out; connect timeout; connection timeout; connection refused; \
         connection reset; connection lost; connection dropped; connection failed; connection aborted; \
         connection was dropped; connection unexpectedly closed; connection expired; connection problem; \
         connection error; lost connection; lost input channel; broken pipe; network is unreachable; \
         network unreachable; network error; network problem; network is down; no route to host; no route; \
         host is unreachable; host unreachable; host is down; not reachable; unable to connect; could not connect; \
         couldnt connect; cannot connect; can not connect; wasnt able to establish an smtp connection; \
         able to establish an smtp connection; not establish an smtp connection; failed to connect; \
         did not accept our requests to connect; did not respond; not responding; not respond; no response; \
         no answer from host; no answer; timed out while; timed out; operation timed out; read timeout; \
         session timeout; idle timeout; timeout waiting; malformed or unexpected name server reply; name server; \
         name service error; name server timeout; dns failure; dns error; dns server failure; dns lookup failed; \
         dns query failed; dns timeout; dns .. failed; dns temporary failure; servfail; nameserver; \
         host name lookup failure; hostname lookup failure; temporary failure in name resolution; no connections; \
         remote server not available; smtp connection went away; remote host closed connection; end of file; \
         bad connection; while performing the; performing the helo handshake; conversation with .. timed out; \
         no mx records usable; routing server failure; unable to route; address family not supported",
    ),
    family(
        Reason::Loop,
        98,
        "mail loop; mail loops; mail loops back to myself; loops back to; routing loop; forwarding loop; \
         delivery loop; loop detected; looping; too many hops; hop count exceeded; hop count; hops exceeded; \
         maximum hop count; maximum hops; too many received; too many received headers; delivered to myself; \
         is looping; message is looping; mail for .. loops; too many levels; mail forwarding loop; \
         points to myself; config error mail loops back to me; points to local host",
    ),
    family(
        Reason::Expired,
        OUTCOME,
        "message expired; envelope expired; after multiple retries; aborted after .. hour~; \
         unable to deliver message after; mail expired; queue expired; delivery expired; delivery time expired; \
         expired while; message has expired; expired message; message timed out; message timeout; \
         retry timeout exceeded; retry time not reached; retry limit exceeded; retry limit reached; \
         has been in the queue too long; in the queue too long; in queue too long; too long in queue; \
         queue lifetime; message could not be delivered for; could not be delivered for; could not deliver .. for; \
         not been delivered within; not delivered within; was not delivered within; unable to deliver .. for; \
         failing for a long time; have been failing for; failing for the last; been failing for; giving up after; \
         maximum retries; too many retries; too many failed attempts; cannot send message within; \
         cannot send message for; could not send message for; could not send for; couldnt send for; \
         not possible to deliver within; delivery timeout; delivery timed out; delivery window; max queue time; \
         gave up; given up after; attempts to deliver .. failed; deliver .. after several; for several days; \
         past .. days; delivery deadline; last few days",
    ),
    family(
        Reason::Expired,
        USUAL,
        "expired; within .. hours; within .. days; delivery .. delayed",
    ),
    family(
        Reason::Security,
        SURE,
        "security violation; security reasons; for security reasons; security problem; security error; \
         cryptographic failure; security features; failed to decrypt; firewall; intrusion; unauthorized access; \
         account compromised; compromised; sandbox; hacked; ip access restriction",
    ),
    family(Reason::Security, HINT, "security; unsafe"),
    family(
        Reason::System,
        SURE,
        "internal resources are temporarily unavailable; blame it on the weather; due to internal error; \
         temporarily unable; unable to temporarily; queue unavailable; qqt failure; database temporary; \
         system overload; too busy; too busy to accept; busy try; server configuration issue; \
         verification service; callback setup failed; try another server; unavailable due to; not operational; \
         ldap server; internal failure; unexpected failure; out of resource~; filter error; scanner error; \
         scan error; could not verify; policy server; milter error; greylist daemon; content filter .. error; \
         mail system error; remote server error; tls cert~ .. internal; not configured; \
         cannot find .. configuration; file system error; disk error; disk i o; could not open",
    ),
    family(
        Reason::Network,
        CERTAIN,
        "cname lookup failed; rcpt handle timeout; handle timeout; dns query error; mx lookup; lookup timed out; \
         host not responding; not reply; no reply from; network failure; cannot reach; could not reach; \
         cant reach; unable to reach; cannot find a route; cant connect; cant establish; connection broken; \
         connection terminated; lost conn~; stream closed; read error; timed out waiting; tcp connect; \
         tcp active open; winsock; failed connect",
    ),
    family(
        Reason::Mailer,
        SURE,
        "mailer exit; local mailer error; filter .. failed; lmtp .. failed; delivery program; agent exited; \
         mail filter failed; command crash~; sieve; deliver .. failed with; error writing mailbox; \
         cannot append message; unable to create dot lock; cannot access mailbox; maildir .. error",
    ),
    family(
        Reason::Loop,
        98,
        "mailloop; possible mail loop; mail is looping; hopcount",
    ),
    family(
        Reason::Expired,
        OUTCOME,
        "no longer attempting; delivery attempts failed; after several attempts; stopped trying; retry timeout; \
         gave up after; queue timeout; undeliverable for; not yet been delivered .. given up; exceeded retry; \
         delivery has timed out; over the last; delivery period; temporarily undeliverable .. days; \
         message has been deleted from queue; maximum delivery time; message will be deleted from queue; \
         could not be delivered for more than; could not be delivered in; time to live; message .. too old",
    ),
    family(
        Reason::Network,
        USUAL,
        "unreachable; eof; connection closed; remote host",
    ),
    family(
        Reason::System,
        SURE,
        "license expired; licence expired; license has expired; replicated; replication; secondary server",
    ),
    family(Reason::Network, SURE, "tried all mx~; all mx hosts failed"),
    family(Reason::Loop, SURE, "points back to; point back to"),
    family(
        Reason::System,
        SURE,
        "database is; database not; database connection",
    ),
    family(Reason::System, SURE, "server temporarily rejected"),
    family(Reason::System, HINT, "temporary domain failure"),
    family(
        Reason::Network,
        CERTAIN,
        "dns lookup failure; connection .. is broken",
    ),
    family(Reason::System, 97, "mta failure"),
    family(Reason::Loop, USUAL, "loop; loops"),
    family(Reason::Network, HINT, "timeout; time out"),
];
