//! About the session: how often, how many, how soon; EHLO, TLS and AUTH; commands.

use super::{CERTAIN, Family, HINT, SURE, USUAL, family};
use crate::diagnosis::Reason;

pub(super) const FAMILIES: &[Family] = &[
    family(
        Reason::Greylisted,
        99,
        "greylist~; graylist~; grey list~; gray list~; greylisting in action; greylisted please; greypass; \
         postgrey; milter greylist; temporarily greylisted; sqlgrey; tumgreyspf; spamd greylist; \
         you have been greylisted; gregorian grey",
    ),
    family(
        Reason::Greylisted,
        SURE,
        "first time sender; unknown triplet; new triplet; deferred for policy greylist; \
         recipient address rejected policy restrictions try later; please retry in a few minutes to prove; \
         try again later first contact; retry to prove you; delayed for antispam; intentionally deferred; \
         mail from new senders is deferred; first attempt; temporary rejection to deter spam; \
         please try again in a while new; not yet authorized to deliver mail from",
    ),
    family(
        Reason::RateLimited,
        CERTAIN,
        "rate limit; rate limited; rate limits; rate limiting; ratelimit~; rate exceeded; rate exceeds; \
         rate that prevents; rate too high; rate has been exceeded; at a rate; mail rate; message rate; \
         messages rate; sending rate; message rate limit; receiving mail too quickly; receiving mail at a rate; \
         receiving email at a rate; receiving email too quickly; sending too fast; sending mails too fast; \
         too fast; too quickly; too frequent; too frequently; frequency limited; frequency limit; ip frequency; \
         domain frequency; too many messages; too many message; too many mails; too many emails; too many mail; \
         too many e mails; too much mail; too much email; too many recipients; too many rcpt; too many recipient; \
         too many invalid recipients; too many unknown recipients; too many errors from; too many requests; \
         too many transactions; too many deliveries; too many commands; too many auth; too many bad commands; \
         throttl~; is being throttled; message limit; messages limit; daily limit; hourly limit; daily quota; \
         hourly quota; daily sending quota; sending quota; sending limit; max sending; daily user sending; \
         exceeded the max emails per hour; max emails per hour; messages per hour; per hour; per minute; per day; \
         mail flood; flood~; unusual volume; unexpected volume; high volume; volume of email; volume of mail; \
         excessive volume; excessive messages; message count; send quota; tenant has exceeded threshold; \
         exceeded threshold; recipient limit; recipient rate; recipients limit; slow down; sending limits; \
         unusual sending activity; message quota; limit exceeded for sender; \
         temporarily deferred due to unexpected volume; messages from .. temporarily deferred; \
         mail from .. temporarily deferred; temporarily rate limited; rcpt limit; suspicious activity rate; \
         sends too many; received too many; sent too many; requested too many",
    ),
    family(
        Reason::RateLimited,
        USUAL,
        "exceeded .. limit; limit exceeded; temporarily deferred; has exceeded; limit reached; deferring; \
         resources restricted; mail from this host .. deferred; quota for sender; sender .. quota; too many",
    ),
    family(
        Reason::TooManyConnections,
        97,
        "too many connections; too many connection; too many concurrent; too many simultaneous; too many sessions; \
         too many smtp sessions; too many open connections; too many parallel; too many current connections; \
         too many smtp connections; too many recent connections; too many concurrent smtp connections; \
         concurrent connections; concurrent sessions; simultaneous connections; maximum number of connections; \
         maximum connections; max connections; max number of connections; number of connections; connection rate; \
         connection rate limit; connection limit; connection limits; connection limit exceeded; connections limit; \
         connection count; connection frequency; connection concurrency; connect rate; connections from your; \
         connections per; connections exceeded; connections exceeds; exceeded the maximum number of connections; \
         connection throttled; connection quota; all server ports are busy; no more connections; \
         connection refused max; sessions from your; session limit; session from your ip; toomanyconnections; \
         too many host connections; maxconn~; limit on simultaneous",
    ),
    family(
        Reason::EhloRefused,
        CERTAIN,
        "helo command rejected; ehlo command rejected; helo rejected; ehlo rejected; invalid helo; invalid ehlo; \
         bad helo; bad ehlo; helo name; ehlo name; helo hostname; ehlo hostname; helo host; helo string; \
         helo argument; ehlo argument; helo domain; ehlo domain; helo ehlo; ehlo helo; helo requires; \
         ehlo requires; helo value; helo does not; helo must; helo should; helo greeting; your helo; your ehlo; \
         helo mismatch; helo for; helo .. rejected; helo .. invalid; helo .. not; ehlo .. invalid; \
         ehlo .. rejected; helo command .. rejected; helo command .. need fully qualified; \
         need fully qualified hostname; fully qualified hostname; fully qualified domain name; fqdn; \
         syntactically invalid helo; syntactically invalid ehlo; syntactically invalid helo argument s; \
         forged helo; fake helo; used my hostname; you are not me; you arent me; hello with your; impolite; \
         identify yourself; introduce yourself; polite people say helo; helo access denied; requires valid helo; \
         i dont accept your helo; helo name .. does not resolve; helo resolve; helo unresolvable; helo dns; \
         verified helo; heloname; localhost is not accepted",
    ),
    family(
        Reason::TlsRequired,
        CERTAIN,
        "must issue a starttls; must issue starttls; issue a starttls command first; issue starttls; \
         starttls first; starttls required; starttls is required; starttls command first; starttls before; \
         use starttls; requires starttls; need starttls; encryption required; encryption needed; \
         encryption is required; session encryption is required; requires encryption; \
         encrypted connection required; encrypted session required; require encrypted; requires encrypted; \
         requires tls; require tls; tls required; tls is required; tls encryption required; \
         tls encryption is required; tls connection required; tls connection is required; tls is mandatory; \
         tls mandatory; mandatory tls; must use tls; must use ssl; must be encrypted; must be sent over; \
         only over tls; over a secure; without tls; no tls; not encrypted; not sent over tls; not using tls; \
         tls not used; secure connection required; ssl required; plaintext not allowed; plaintext connections; \
         unencrypted connection; unencrypted connections; unencrypted; starttls is needed; requiretls; \
         insecure connection; cleartext connections",
    ),
    family(
        Reason::TlsFailed,
        CERTAIN,
        "tls not available; tls is required but; tls is not available; tls not supported; \
         starttls is not available; tls currently unavailable; tls handshake; tls negotiation; \
         tls negotiation failed; tls failed; tls failure; tls error; tls lib~; tls setup; cannot start tls; \
         can not start tls; could not start tls; unable to start tls; starttls failed; starttls failure; \
         starttls was not offered; starttls not offered; starttls not supported; starttls is not supported; \
         did not offer starttls; not offered by host; ssl handshake; ssl error; ssl routines; ssl23; ssl connect; \
         certificate verification failed; certificate verify; certificate expired; certificate has expired; \
         certificate validation; certificate host mismatch; certificate not trusted; server certificate; \
         untrusted certificate; untrusted issuer; unverified certificate; no matching cipher; no shared cipher; \
         wrong version number; unsupported protocol; handshake failure; handshake failed; \
         server certificate not trusted; server certificate not verified; tlsa invalid; tlsa lookup; \
         dnssec invalid; dane required; tlsa records; mta sts; security version; smtp security policy; a tls packet",
    ),
    family(
        Reason::AuthRequired,
        CERTAIN,
        "authentication required; authentication is required; authentication needed; requires authentication; \
         require authentication; smtp authentication; smtp auth; please authenticate; must authenticate; \
         must be authenticated; authenticate first; authenticate before; need to authenticate; need auth; \
         auth required; auth is required; auth command; auth first; login required; log in first; please log in; \
         please login; not authenticated; client was not authenticated; not logged in; \
         unauthenticated senders not allowed; authentication failed; authentication failure; \
         authentication unsuccessful; authentication credentials invalid; authentication credentials; \
         authentication rejected; authentication error; invalid credentials; username and password not accepted; \
         bad username or password; invalid login; invalid username; password .. incorrect; pop before smtp; \
         check your mail first; must check for new mail; must log in; authorized users only; \
         only authenticated users; authenticated users only; submission only; for authenticated; \
         sender .. not logged in; anonymous clients; anonymous users; user authentication; authorization required; \
         authorization failed; application specific password; not authorized to send through this; \
         web login required",
    ),
    family(
        Reason::Protocol,
        SURE,
        "syntax error; command not recognized; command unrecognized; unrecognized command; unknown command; \
         command unknown; command not implemented; not implemented; command not supported; unsupported command; \
         bad sequence of commands; bad sequence; out of sequence; bad command; invalid command; wrong command; \
         invalid parameter; unsupported parameter; unrecognized parameter; unknown parameter; \
         parameter not implemented; parameters not; invalid syntax; bad syntax; command sequence; error command; \
         nested mail command; need mail command; need mail before; send hello first; say hello first; \
         synchronization error; protocol error; protocol violation; smtp protocol; improper command; \
         command too long; line too long; unexpected command; is not understood; commands before; before greeting; \
         pregreet; talks too soon; talk too soon; spoke too soon; early talker; mail command; error badly formed; \
         not a valid rfc; malformed address; illegal address; bare lf; bare linefeed; stray newline; \
         mailbox name not allowed; unterminated; esmtp option; valid rcpt command must precede data; unimplemented",
    ),
    family(Reason::Protocol, HINT, "invalid input; command; argument~"),
    family(
        Reason::RateLimited,
        CERTAIN,
        "hl ifc; mi sfq; mi dmc; rp qrc; rp trc; rp drc; domain frequency limited; received too much email; \
         received too many messages; too much email in a short; short period of time; short period; receivingrate; \
         receivingrateperm; messages for this session; recipients received this hour; this hour; \
         too many different; too many spam; too much load; ts01; ts02; ts03; rl000001; rl000003; \
         exceeded the rate limit; send rate; rate control; rate quota; maximum number of messages; \
         maximum number of recipients; maximum recipients; recipient count; number of recipients; \
         sending threshold; over rate; exceeded rate; excessive rate; hour limit; message throttled; \
         sender exceeded",
    ),
    family(
        Reason::TooManyConnections,
        97,
        "hl icc; cxcnct; too many open; too many concurrent connections from; max sessions; \
         too many active connections; too many established; too many connects; concurrency limit; \
         connection throttling; connections in progress; reached maximum number of; too many clients; \
         too many smtp; too many processes",
    ),
    family(
        Reason::EhloRefused,
        CERTAIN,
        "mi nhd; helohost; helo .. error; ehlo .. error; helo check; helo error; helo invalid; helo .. forged; \
         valid hostname; hostname .. not valid; you must identify; bogus helo; helo .. must; \
         helo .. address literal; helo .. ip address; helo verification; helo .. match; helo .. resolve",
    ),
    family(
        Reason::AuthRequired,
        CERTAIN,
        "turn on smtp authentication; must issue an auth; issue an auth command first; auth command first; \
         sign in; please sign in; anonymous mail; auth mechanism; auth error; authenticate yourself; \
         relay not permitted unless authenticated; username or password; bad credentials",
    ),
    family(
        Reason::Protocol,
        SURE,
        "pre greeting traffic; please say; say helo; ehlo first; mail first; rcpt first; line parse error; \
         sequence error; too many syntax; too many errors; too many unrecognized; bad recipient address syntax; \
         bad address syntax; command not allowed; invalid response; unsynchronized; premature",
    ),
    family(
        Reason::RateLimited,
        CERTAIN,
        "daily .. quota; hourly .. quota; relay quota; reached your .. quota",
    ),
    family(
        Reason::RateLimited,
        97,
        "queue quota; organization queue; per connection reached; messages per connection",
    ),
    family(
        Reason::AuthRequired,
        97,
        "too many authentication; too many failed authentication; too many auth failures; fail authentication",
    ),
    family(
        Reason::Greylisted,
        SURE,
        "first contact; first contact from",
    ),
    family(
        Reason::RateLimited,
        USUAL,
        "faster than; sending faster; in the last hour; in the past hour; sent more than; slower",
    ),
    family(
        Reason::TooManyConnections,
        SURE,
        "sessions at a time; connections at a time; at the same time",
    ),
    family(
        Reason::TlsFailed,
        SURE,
        "tls .. not available; tls .. unavailable",
    ),
    family(Reason::TlsRequired, USUAL, "over tls; over ssl"),
    family(Reason::AuthRequired, USUAL, "log in before; log in to"),
    family(
        Reason::EhloRefused,
        CERTAIN,
        "helo denied; ehlo denied; helo refused; ehlo refused",
    ),
    family(Reason::Greylisted, 97, "sender recipient pair"),
    family(
        Reason::EhloRefused,
        97,
        "not a valid helo; not a valid ehlo",
    ),
    family(
        Reason::Protocol,
        HINT,
        "need rcpt; argument; pipelining; malformed",
    ),
];
