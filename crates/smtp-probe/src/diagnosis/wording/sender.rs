//! About the sender and the client: lists, reputation, reverse DNS, the envelope's sender, relaying, SPF, DKIM and DMARC.

use super::{CERTAIN, Family, HINT, SURE, USUAL, family};
use crate::diagnosis::Reason;

pub(super) const FAMILIES: &[Family] = &[
    family(
        Reason::Blocklisted,
        CERTAIN,
        "blocked using; blocked by zen; blocked by rbl; blocked by dnsbl; rejected using; listed at; listed on; \
         listed in rbl; listed in dnsbl; listed by; listed in .. %; is listed in; is listed by; is listed at; \
         is listed on; are listed on; are listed in; is on the list; found in dnsbl; found in rbl; \
         found on one or more dnsbls; found on one or more; on a blocklist; on a block list; on our block list; \
         on our blocklist; on our blacklist; on a blacklist; on the blacklist; in our blacklist; in a blacklist; \
         in the blacklist; in blacklist; in a black list; in a black list at; by blacklist; our block list; \
         your network is on our block list; part of their network is on our block list; block list s3140; \
         block list s3150; blocklisted; block listed; blacklisted; black listed; blacklist~; denylisted; \
         deny list; rbl restriction; rbl listed; rbl rejection; rbl match; rbl blocked; dnsbl~; dnsrbl; \
         banned sending ip; spamhaus; spamcop; sorbs; uceprotect; barracudacentral; barracuda reputation; \
         senderscore; invaluement; surbl; uribl; abusix; mailspike; listed in spamhaus; \
         rejected because .. is in a black list; is in a black list; ip is in .. list; your ip .. is in our list; \
         ip address .. blocked using; client host .. blocked using; service unavailable client .. blocked using; \
         service unavailable client host .. blocked; sender domain listed; real time blackhole list; \
         realtime blackhole list; realtime blocklist; real time block list; removal from this list; delisting; \
         delist request; request removal from",
    ),
    family(
        Reason::Blocklisted,
        SURE,
        "your ip .. is blocked; your ip is blocked; your ip address is blocked; ip address blocked; ip blocked; \
         blocked ip; ip is blocked; your ip address .. blocked; ip address .. has been blocked; \
         ip .. has been blocked; client host blocked; client host .. blocked; client blocked; host blocked; \
         host is blocked; address is blocked; ip banned; banned ip; your ip has been banned; ip has been banned; \
         has been banned; ip address is banned; rejected because of your ip; bad ip; ip rejected; \
         blocked ip address; connection rejected .. blocked; connection from .. blocked; \
         your mail server .. blocked; mail server .. is blocked; adresse ip source bloquee; source ip blocked; \
         sender ip blocked; sender ip address rejected; ip address .. banned; sending ip .. blocked; blocked see; \
         blocked by our; is blocked by; your host .. blocked; server .. has been blocked; \
         rejected because it is on; connections will not be accepted from .. because the ip is in; \
         will not be accepted from",
    ),
    family(
        Reason::Blocklisted,
        USUAL,
        "please use the smtp server of your isp; use your isp; use your own; use your providers; \
         use the mail server of your; blocked for abuse; blocked for spam; due to abuse; rbl; \
         ip address is not accepted; access denied .. ip; refused connection from; mail from .. blocked; \
         mail from this ip; your ip; not accepted from your ip",
    ),
    family(
        Reason::Reputation,
        CERTAIN,
        "low reputation of the sending ip; very low reputation; low reputation of the sending domain; \
         low reputation; poor reputation; bad reputation; reputation of the sending; reputation is too low; \
         due to ip reputation; ip reputation; domain reputation; sender reputation; sending reputation; \
         your reputation; poor domain reputation; reputation score; senderbase reputation; \
         sender base reputation score; reputation service; reputation filter; reputation block; \
         has a poor reputation; domain has a bad reputation; sbrs; \
         your email has been blocked because the sender is unauthenticated reputation; user complaints; \
         too many complaints; excessive complaints; too many spam complaints; too many spam messages; \
         too much spam from your; suspected spam source; known spam source; known spammer; spam source; \
         spam sending ip; ip is sending spam; unusual rate of unsolicited mail; \
         unsolicited mail originating from your ip; unsolicited mail from your; history of sending spam; \
         abusive host; has been sending too much spam; mails from your ip .. spam; \
         traffic not accepted from this ip; incident de spam; spamming issues; due to spam from; \
         has sent a lot of spam; untrusted network; untrusted ip; suspicious sending; policy reasons your ip; \
         mailserver has poor; behavior of your server; poor email reputation; trustworthiness; \
         has a low senderscore",
    ),
    // Outlook.com says these of an address for what came from it.
    family(
        Reason::Reputation,
        CERTAIN,
        "sc 001; sc 002; sc 003; sc 004; ou 001; ou 002",
    ),
    family(
        Reason::ReverseDns,
        CERTAIN,
        "cannot find your hostname; cannot find your reverse hostname; unable to find your reverse hostname; \
         cannot resolve your address; ip name lookup failed; reverse dns; rdns; no ptr; ptr record; \
         ptr resource record; ptr lookup; ptr records; missing ptr; invalid ptr; generic ptr; dynamic ptr; \
         bad dns ptr; without ptr; lack of ptr; no valid ptr; have a ptr; reverse name; reverse hostname; \
         reverse lookup; reverse dns lookup; reverse host lookup; reverse mapping; reverse address; no reverse; \
         does not reverse; unresolvable hostname; unresolvable ip; has no name; client host rejected cannot find; \
         failed reverse lookup; domain name pointer; in addr arpa; hostname for your ip; forward confirmed; \
         fcrdns; does not have a dns name; ip address does not resolve; no host name; host name does not match; \
         hostname does not match ip; mismatches client ip; does not match ip address; ip address has no; \
         name lookup failed; your ip .. does not resolve; invalid hostname .. address mismatch; \
         ip unknown hostname; unable to verify your hostname; generic hostname; generic rdns; dynamic hostname; \
         dynamic ip; dynamic address; residential ip; looks dynamic; hostname looks; reverse dns .. ptr; \
         no dns name; unauthenticated hostname; unverified client; client host .. name lookup; fix reverse dns; \
         ip lookup .. hostname; may not be mail exchanger",
    ),
    family(
        Reason::SenderRefused,
        CERTAIN,
        "sender address rejected; sender address .. rejected; sender rejected; sender denied; sender refused; \
         sender blocked; sender not allowed; sender is not allowed; sender not permitted; sender is blocked; \
         sender banned; sender is banned; sender domain rejected; sender domain not accepted; \
         sender domain is not; sender domain must; sender domain does not exist; sender domain .. does not exist; \
         sender domain not found; sender domain must resolve; sender domain not allowed; sender domain is empty; \
         sender domain invalid; invalid sender domain; invalid sender; invalid sender address; bad sender address; \
         bad sender; unknown sender; unknown sender domain; sender unknown; sender not verified; \
         sender verify failed; sender verification failed; sender verification error; \
         could not complete sender verify; sender verify; unverified sender; unverified address; \
         unable to verify sender; sender address verification; sender address .. not exist; \
         sender address does not exist; sender address rejected domain not found; \
         sender address rejected user unknown; sender address rejected .. undeliverable address; \
         sender address rejected .. does not exist; sender address rejected access denied; \
         sender address rejected not owned by user; domain of sender address .. does not exist; domain of sender; \
         domain of sender address .. does not resolve; domain of your address; domain of envelope sender; \
         envelope sender; from address rejected; from address is not; sender does not exist; \
         mail from domain must resolve; mail from .. rejected; mail from rejected; mail from refused; \
         mail from not accepted; mailfrom domain; mail from domain; your domain .. does not exist; \
         email address is on senderfilterconfig list; sender is on recipient; null sender; empty sender; \
         bounce .. not accepted; bounces are not accepted; does not accept bounces; \
         does not accept bounce messages; no bounce; sender syntax; syntax error in sender; \
         not authorized to send from; not allowed to send as; not authorized to use .. as sender; \
         is not allowed to send from this; you are not allowed to send from; senderid; \
         client does not have permissions to send as this sender; sendasdenied; \
         does not have permission to send as; from header .. not allowed; sender address not allowed; \
         address not allowed as sender; mail from must equal authorized user; email address is not verified; \
         is not verified; not verified the following identities; sending address not accepted; \
         you are not allowed to send; backscatter; mail from you is not wanted; has no mx or a; \
         sender .. has no mx; invalid domain in mail from; domain in mail from; unresolvable domain .. sender; \
         domain name required for sender address; domain required for sender; sender must exist; \
         mailer daemon not accepted",
    ),
    family(
        Reason::SenderRefused,
        USUAL,
        "sender invalid; sender .. rejected; sender .. denied; mail from .. denied; refuse mail from; \
         from address; not accepting mail from you; sender .. not",
    ),
    family(
        Reason::RelayDenied,
        CERTAIN,
        "relay access denied; relay access .. denied; relaying denied; relay denied; relay not permitted; \
         relay not allowed; relaying not allowed; relaying not permitted; relaying is not allowed; \
         relaying prohibited; relay is not permitted; relay prohibited; relaying mail to; unable to relay; \
         cannot relay; not relay; not relaying; no relaying; no relay; relay operation rejected; relay rejected; \
         relay forbidden; relaying to .. denied; relaying to .. prohibited; to relay through this server; \
         relay from; open relay; we do not relay; we dont relay; will not relay; not allowed to relay; \
         not permitted to relay; not configured to relay; not authorized to relay; \
         authentication required for relay; refused to relay; isnt in my list of allowed rcpthosts; \
         isnt in my list of allowed recipient; not in my list of allowed rcpthosts; list of allowed rcpthosts; \
         list of rcpthosts; that domain isnt in my; domain isnt allowed to be relayed; domain is not hosted here; \
         domain not hosted here; not hosted here; does not host; not a local domain; non local recipient; \
         mail for .. is not accepted here; domain is not local; not our domain; domain not local; \
         domain .. not accepted here; is not handled by this; this server does not handle; \
         is not a permitted domain; relaying; not a gateway; is not a relay; must be a local user; \
         must authenticate to relay; insecure mail relay; mail server doesnt accept .. domain; unrelayable; \
         relay to .. denied",
    ),
    family(
        Reason::AuthenticationFailure,
        CERTAIN,
        "spf check; spf checks; spf check failed; spf fail; spf failed; spf failure; spf hard fail; spf softfail; \
         spf validation; spf verification; spf policy; spf record; spf unauthorized; spf .. fail; spf .. not; \
         spf permerror; spf mismatch; spf error; spf reject~; sender policy framework; fails to pass spf; \
         failed spf; rejected by spf; rejected due to spf; not authorized by spf; spf authentication; \
         is not designated; is not allowed to send mail from; is not authorized to send mail; \
         not authorized to send email for; not authorised to send; dmarc policy; dmarc check; dmarc check failed; \
         dmarc fail; dmarc failed; dmarc failure; dmarc verification; dmarc reject; dmarc evaluation; \
         dmarc validation; dmarc unauthenticated; dmarc .. fail; due to dmarc; per dmarc; failed dmarc; \
         s dmarc policy; dkim check; dkim fail; dkim failed; dkim signature; dkim verification; dkim validation; \
         dkim .. fail; dkim .. not; no dkim; domainkeys; domain keys; arc validation; arc seal; \
         unauthenticated email from; unauthenticated email is not accepted from this domain; unauthenticated mail; \
         unauthenticated senders; unauthenticated messages; message is unauthenticated; sender is unauthenticated; \
         this mail is unauthenticated; this message does not have authentication information; \
         message does not pass authentication; does not pass authentication checks; mail is not authenticated; \
         message not authenticated; didnt pass authentication; did not pass authentication; \
         authentication checks failed; authentication results; email authentication; sender authentication; \
         domain authentication; not accepted due to domain owner; owner of this domain .. reject; \
         due to domain owners policy; purported responsible address; sender id; spoof; spoofed; spoofing; forged; \
         forgery; pretends to be; impersonat~; authentication level; required authentication level; \
         authenticate with at least one; authenticate this message; bimi",
    ),
    family(Reason::AuthenticationFailure, USUAL, "spf; openspf; dkim~"),
    family(Reason::AuthenticationFailure, CERTAIN, "dmarc"),
    family(
        Reason::Policy,
        SURE,
        "denied by policy; blocked by policy; rejected by policy; policy rejection; policy violation; \
         policy restrictions; due to policy; due to security polic~; due to security policies; violates policy; \
         violation of policy; local policy; local policy violation; site policy; administrative policy; \
         administratively prohibited; administrative prohibition; administratively denied; \
         prohibited by administrator; rejected for policy; by administrator; email policy; mail policy; \
         corporate policy; company policy; security policy; acceptable use policy; against our policy; \
         against policy; according to policy; polic~; rejected due to policy; \
         policy rejection on the target address; transport rules; transport rule; rule imposed; by rule; \
         organization policy; prohibited by policy; listing policy",
    ),
    family(
        Reason::Policy,
        HINT,
        "access denied; access rejected; access forbidden; permission denied; not authorized; not permitted; \
         rejected; refused; denied; blocked; not accepted; forbidden; prohibited; unacceptable; declined; \
         delivery not authorized; mail rejected by destination domain; not allowed; unauthorized",
    ),
    family(
        Reason::Blocklisted,
        CERTAIN,
        "cxbl; attrbl; blocklisting in effect; black ip; rbl deny; dt rbl; wm bli; wm blu; hl ipb; \
         in our black list; in dns blacklist; dns blacklists; dns blocklist; dns block list; found in a dns; \
         blocked by ivmsip; cbl abuseat; abuseat; your domain has been blacklisted; on block list; \
         found on a block list; blocking list; blocked list; listed in the rbl; bl000000; bl000001; \
         in a realtime blacklist",
    ),
    // T-Online says that a problem occurred, and means its own list.
    family(
        Reason::Blocklisted,
        USUAL,
        "problem occurred ask your postmaster; problem occurred .. bl; ip is rejected; ip is hangup; ips blocked; \
         not in our allowed; dy 001; dy 002; dial up; connection denied; host .. blocked; \
         not allowed access from your location; blacklist",
    ),
    family(
        Reason::Reputation,
        CERTAIN,
        "hl rep; hl mep; hl ihu; tss04; tss05; tss09; tss11; too many spams from your; too many bounces; \
         received too many bounces; excessive userid unknowns; bad ip profile; suspicious activity; \
         abuse detected; due to abuse from; spam abuse detected; new or untrusted ip; poor sender; \
         suspected bounce attack~; history of; zero reputation",
    ),
    family(
        Reason::ReverseDns,
        CERTAIN,
        "cxdns; possibly forged hostname; possibly forged; may be forged; no rdns; reverse record; unresolved ip; \
         dynamic ips; generic dns; hostname lookup failed for ip; relaying denied ip name lookup failed; dns ptr; \
         reverse entry; does not have a valid reverse; rdns does not",
    ),
    family(
        Reason::SenderRefused,
        CERTAIN,
        "badmailfrom; cxsndr; fake sender; sender domain resolve fail; host denies the sender; \
         sender is unvalidated; sender is rejected; mail from invalid; mi imf; must have a valid sender; \
         sender address must; sender is invalid; verify sender; callback verification; callout verification; \
         address verification; envelope blocked; sender must be; reverse path",
    ),
    family(
        Reason::RelayDenied,
        CERTAIN,
        "no relaying allowed; host denies relay; non local e mail address; non accepted domain; \
         trying to use .. relay; relay check; domain is not allowed; not an accepted domain; rcpthosts; \
         allowed domains; not my domain; local user only; is not a local",
    ),
    family(
        Reason::AuthenticationFailure,
        CERTAIN,
        "dmarcrejection; domainkeys check; does not pass domainkeys; mi spf; mi dma; anti spoofing; \
         authentication failure for domain; fails authentication; failing authentication; spf soft fail; spf none; \
         neither spf nor dkim; 5322 from; aligned from; identifier alignment; does not designate; \
         not permitted sender; cxspf",
    ),
    family(
        Reason::Policy,
        SURE,
        "mandatory policy; policy error; user or domain .. policy; reject due to; \
         message bounced by administrator; security regulations; administrators policy; access policy; geoip",
    ),
    // Yahoo: complaints are why the volume counts.
    family(
        Reason::Reputation,
        97,
        "unexpected volume or user complaints; unusual volume or user complaints",
    ),
    family(Reason::Reputation, USUAL, "reputation"),
    family(Reason::ReverseDns, USUAL, "ptr"),
    family(Reason::Blocklisted, USUAL, "dialup; is listed"),
    family(
        Reason::Policy,
        CERTAIN,
        "for policy reasons; rejected for policy reasons; policy reasons",
    ),
    // A list that is named says more than what it was asked about.
    family(
        Reason::Blocklisted,
        97,
        "by dnsbl; by the dnsbl; found in dns blacklist; see rbl; rbl server; rtr bl; by rbl; by the rbl; refused by the dnsbl",
    ),
    family(
        Reason::Policy,
        98,
        "your country; your region; your location; geographical location; geographic location; geolocation; \
         geo blocked; geo blocking; blocked country",
    ),
    family(
        Reason::Blocklisted,
        SURE,
        "blocklist; blocklists; block list; block lists; black list; black lists; denylist",
    ),
    family(
        Reason::RelayDenied,
        SURE,
        "do not handle mail for; does not handle mail for",
    ),
    family(
        Reason::AuthenticationFailure,
        97,
        "dmarc alignment; spf alignment; dkim alignment; no dmarc",
    ),
    family(
        Reason::Policy,
        SURE,
        "not in whitelist; not whitelisted; not on whitelist; not on our whitelist; not in our whitelist; not in the whitelist",
    ),
    family(Reason::Policy, USUAL, "invalid ip"),
    family(
        Reason::SenderRefused,
        CERTAIN,
        "domain must resolve; domain may not exist",
    ),
    family(Reason::RelayDenied, SURE, "uucp"),
    family(
        Reason::Reputation,
        SURE,
        "sending .. quantities of spam; emitting spam; sends spam; seen sending spam; source of spam",
    ),
    family(
        Reason::Reputation,
        SURE,
        "dictionary attack; directory harvest; harvest attack; harvesting; trust score; sender score",
    ),
    family(
        Reason::SenderRefused,
        SURE,
        "block mail from; blocks mail from; invalid dns mx; black mail address; bad outbound sender; banned sender",
    ),
    family(Reason::Policy, HINT, "administrator; administrative"),
];
