//! About the message: spam, malware, form and size.

use super::{CERTAIN, Family, HINT, SURE, USUAL, family};
use crate::diagnosis::Reason;

pub(super) const FAMILIES: &[Family] = &[
    family(
        Reason::Spam,
        SURE,
        "spam message; spam mail; spam content; spam detected; spam classification; spam score; spam like; \
         spam rejected; spam refused; spam blocked; spam email; spam filter; spam filters; spam policy; \
         spam signature; spam threshold; spam engine; spam rule; spam rules; spam content detected; is spam; \
         as spam; be spam; like spam; contains spam; considered spam; identified as spam; classified as spam; \
         detected as spam; marked as spam; flagged as spam; looks like spam; appears to be spam; \
         appears to be unsolicited; is probably spam; probable spam; likely spam; possible spam; possibly spam; \
         suspected spam; suspected to be spam; high probability of spam; high spam; rejected as spam; \
         rejected spam; reject .. spam; rejected .. spam; no spam; anti spam; antispam; spamassassin; \
         spam assassin; rspamd; unsolicited; unsolicited bulk; unsolicited commercial; bulk mail; bulk email; \
         junk mail; junk email; junk; phish~; spammy; spammer; spammers; spamming; bayesian; cloudmark; \
         spamsignature; likely unsolicited mail; suspicious message; likely suspicious; message looks like; \
         this looks like; content filter; content filtering; considered to be spam; unwanted mail; \
         this message scored; scored .. points; gtube; message contains .. spam; blocked by the antispam; \
         spam verdict; not rfc compliant spam; message blocked as; unsolicited mail; message rejected spam; \
         message .. spam",
    ),
    family(
        Reason::Spam,
        97,
        "content rejected ube; rejected ube; ube id; mcspamsignature",
    ),
    // Orange counts what it refuses.
    family(Reason::Spam, USUAL, "ofr 506"),
    family(Reason::Spam, USUAL, "spam; ube; uce"),
    family(
        Reason::Virus,
        CERTAIN,
        "virus; viruses; virus detected; virus found; infected; contains a virus; malware; malicious; \
         clamav; infected message; virus scanner; dangerous attachment; eicar; ransomware; message infected; \
         infizier~",
    ),
    family(
        Reason::Content,
        CERTAIN,
        "content rejected; content presents a potential security issue; content presents a potential; \
         blocked because its content; message content; message content rejected; content denied; content refused; \
         content blocked; content not accepted; content error; bad content; illegal content; prohibited content; \
         objectionable content; attachment~ .. not allowed; attachment type; attachment blocked; \
         attachment not allowed; attachments not allowed; attachment~ .. blocked; banned attachment; \
         forbidden attachment; illegal attachment; blocked attachment; executable attachment; file type; \
         banned file; file extension; extension not allowed; file name .. not allowed; not rfc compliant; \
         is not rfc; rfc compliant; not compliant with rfc; non compliance with rfc; rfc 5322; rfc 2822; rfc 822; \
         rfc5322; rfc2822; does not conform; not conform; header error; headers error; bad header; bad headers; \
         header syntax; invalid header; invalid headers; illegal header; malformed header; malformed message; \
         malformed mime; malformed mail; missing header; missing required header; missing required headers; \
         missing from header; missing date header; missing subject; missing message id; missing .. header; \
         no from header; lacks .. header; multiple from; multiple addresses in from; \
         multiple addresses .. in from; multiple subject headers; multiple .. headers; multiple subject; \
         duplicate header; duplicate headers; duplicate .. header; header .. not allowed; header .. missing; \
         header .. invalid; header line; from header; date header; subject header; header check; \
         invalid character; illegal character; 8 bit data; 8bit; improper use of 8 bit; unencoded; nul character; \
         null characters; mime error; mime structure; invalid mime; mime boundary; message format; format error; \
         character set; charset; conversion error; conversion required; conversion not; media not supported; \
         message structure; improperly formatted; bad message; invalid message; message corrupt; message lacks; \
         password protected; encrypted archive; objectionable; profanity; url in message; urls in message; \
         url .. blocked; link in message; links in message; contains a url; contains url; contains a link; \
         bare newline; bare line feed; lone cr or lf",
    ),
    family(
        Reason::Content,
        USUAL,
        "message rejected; message refused; rejected after data; message not accepted; your message was rejected; \
         message was rejected; message denied; failed to deliver message content",
    ),
    family(
        Reason::TooLarge,
        CERTAIN,
        "line limit exceeded; message too large; message is too large; message too big; message is too big; \
         message size; message size exceeds; message size exceeds fixed; message size exceeds fixed maximum; \
         message size exceeds fixed limit; message size exceeds maximum; message size limit; message size too; \
         message exceeds; message exceeds maximum; message exceeded; message larger than; message length; \
         message length exceeds; message .. too large; message .. too big; message .. exceeds .. size; mail size; \
         email size; data size exceeded; size limit; size limit exceeded; size exceeded; exceeds size; \
         exceeds the size; exceeds maximum size; exceeds max; exceeds the maximum message size; \
         exceeds the maximum size; exceeds the limit; exceeded maximum message size; exceeded size; \
         exceeded the maximum size; maximum message size; max message size; max size; maximum size; \
         maximum allowed size; maximum permitted size; over the maximum size; larger than the; larger than; \
         bigger than; too large; too big; size .. exceeds; size violation; recipsizelimit; sizelimit; \
         resolver rst recipsizelimit; body too large; header too large; headers too large; message header size; \
         attachment too large; attachment size; mail too big; mail too large; message file too big; \
         file too large; nachricht zu groß; zu groß; trop volumineux; mensaje demasiado grande; exceeds .. bytes; \
         exceeds fixed maximum",
    ),
    family(
        Reason::Spam,
        SURE,
        "dt spm; suspicion of spam; mail content denied; declared spam; spam denied; spam or virus; spam pattern; \
         spamtext; looks spam; several antispam; blocked due to spam; rejected due to spam; due to spam; \
         due to spam content; message content rejected due to spam; junkmail; spam activity; seems to be spam; \
         similar to spam; spam probability; score exceeds; spam detection; viewed as spam; message is spam; \
         message appears to be; considered unsolicited; unsolicited email; mass mail; mass mailing; spambot; \
         phishing; razor; dcc; pyzor; antispam engine; anti spam engine; odrzucona przez system antyspamowy; спам; \
         спама; подозрен~; 垃圾邮件; 迷惑メール; ph01",
    ),
    family(
        Reason::Virus,
        CERTAIN,
        "spyware; virus classification; contains malware; worm detected; safe browsing; wirus; вирус; 病毒; ウイルス",
    ),
    family(
        Reason::Content,
        CERTAIN,
        "invalid content; banned content; rejecting banned content; content policy; content restriction; \
         password protected file; password protected attachment; not comply with required standards; \
         does not comply with; does not meet; non compliant; malformed headers; missing subject header; \
         subject contains; subject line; body contains; bad words; forbidden words; forbidden content; dt sum; \
         zip file; transfer encoding; media error; data format error; unsupported content; encoding error",
    ),
    family(
        Reason::TooLarge,
        CERTAIN,
        "exceeded mailsize limit; exceeded mail size; message is too long; message too long; \
         attachment is too long; mail is too; mail exceeds; databytes; larger than the current system limit; \
         exceeded the size; exceeds administrative limit; admin limit; fixed limit; maximal size; \
         message length exceeds administrative limit; size exceeds; exceeds size limit; exceeds the max; \
         exceeded max; nachricht .. zu groß; message trop; taille maximale; tamaño máximo; превышает; 太大",
    ),
    family(
        Reason::Content,
        CERTAIN,
        "failed to parse message; could not parse message; cannot parse message",
    ),
    family(Reason::Spam, SURE, "spamtrap; spam trap; spamtraps"),
    family(Reason::Virus, CERTAIN, "trojan~"),
    family(Reason::Spam, SURE, "unwanted content; unwanted message"),
    family(
        Reason::Content,
        SURE,
        "subject is mandatory; subject is required; invalid data in message; invalid message data",
    ),
    family(Reason::Virus, USUAL, "worm; exploit"),
    family(
        Reason::Content,
        HINT,
        "content; executable; archive; too long",
    ),
];
