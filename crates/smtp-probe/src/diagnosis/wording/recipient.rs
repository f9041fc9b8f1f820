//! About the recipient: unknown, disabled, full, moved, refusing; and its domain.

use super::{CERTAIN, Family, HINT, SURE, USUAL, WRAPPER, family};
use crate::diagnosis::Reason;

pub(super) const FAMILIES: &[Family] = &[
    family(
        Reason::UserUnknown,
        SURE,
        "user unknown; unknown user; unknown recipient; recipient unknown; unknown mailbox; mailbox unknown; \
         unknown local part; unknown address; address unknown; unknown or illegal alias; unknown account; \
         account unknown; no such user; no such recipient; no such mailbox; no such address; no such account; \
         no such person; no such local user; no such email; no such alias; no such a user; no such customer; \
         no such domain user; no mailbox here by that name; no mailbox by that name; no mailbox here; \
         no mailbox found; no mailbox for; no user by that name; no user here; no valid recipient; \
         no valid mailbox; no account by that name; no local mailbox; user not found; users not found; \
         recipient not found; recipients not found; mailbox not found; account not found; address not found; \
         recipient address not found; email address could not be found; could not be found; wasnt found at; \
         couldnt be found; recipnotfound; recipientnotfound; user does not exist; user doesnt exist; \
         user not exist; user dont exist; recipient does not exist; recipient doesnt exist; recipient not exist; \
         mailbox does not exist; mailbox doesnt exist; mailbox not exist; account does not exist; \
         account doesnt exist; account that you tried to reach does not exist; address does not exist; \
         address doesnt exist; address you specified does not exist; address .. does not exist; \
         recipient address .. does not exist; user .. does not exist; user .. doesnt exist; \
         mailbox .. does not exist; mailbox .. doesnt exist; account .. does not exist; @ does not exist; \
         @ doesnt exist; @ is not a valid mailbox; @ not found; user @ not found; user not known; \
         not a known user; user is unknown; recipient is unknown; mailbox is unknown; does not exist here; \
         does not exist at this; does not exist on this; is not a known user; is not known here; \
         no longer on server; no longer exists; nonexistent recipient; nonexistent user; non existent user; \
         nonexistent mailbox; non existent mailbox; user doesnt have a % account; user doesnt have an account; \
         doesnt have a % account; does not have an account here; has no account here; user not local; \
         not our user; not our customer; not a local user; not a local mailbox; not a valid user; \
         not a valid mailbox; not a valid recipient; not a user here; is not a valid user; is not a user; \
         is not an active address; is not registered; user not registered; unregistered user; \
         isnt in my list of allowed recipients; not in my list of recipients; is not listed in; \
         not listed in domino directory; not listed in public name address book; recipient name is not recognized; \
         recipient not recognized; user not recognized; unrecognized recipient; address not recognized; \
         unroutable address; unrouteable address; undeliverable address; address is undeliverable; \
         address undeliverable; invalid recipient; invalid user; invalid mailbox; invalid address; \
         invalid local part; invalid local address; invalid final delivery userid; invalid user id; \
         recipient is invalid; recipient invalid; mailbox invalid; mailbox is invalid; user invalid; \
         address invalid; address is invalid; invalid account; recipient address is not valid; \
         recipient is not valid; user is not valid; bad destination mailbox address; bad destination mailbox; \
         bad destination email address; bad address; bad mailbox; bad recipient address; bad recipient; \
         bounce due to user lookup; user lookup failed; recipient verification failed; \
         verification failed for recipient; failed recipient verification; recipient address verification failed; \
         couldnt verify recipient; cannot find recipient; cannot find user; cant find user; could not find user; \
         unable to find user; unable to find recipient; unable to locate recipient; delivery to unknown; \
         user unknown in virtual mailbox table; user unknown in virtual alias table; \
         user unknown in local recipient table; user unknown in relay recipient table; \
         undeliverable address .. user unknown; does not match any user; doesnt match any user; there is no such; \
         there is no user; there is no one at this address; no one by that name; not a recipient here; \
         this is not a valid address; sorry no mailbox; no email account; wrong email address; \
         is not in our list of users; is not our user; user email address is marked as invalid; \
         recipient does not exist on; no route for recipient; no such user here; that user does not live here; \
         recipient could not be resolved; ambiguous recipient; adresse destinataire invalide; \
         destinataire inconnu; utilisateur inconnu; adresse inconnue; adresse d au moins un destinataire invalide; \
         benutzer unbekannt; empfänger unbekannt; unbekannter empfänger; postfach existiert nicht; \
         adresse existiert nicht; usuario desconocido; destinatario desconocido; usuario no existe; \
         utente sconosciuto; destinatario sconosciuto; casella inesistente; usuário desconhecido; \
         usuario inexistente; пользователь не найден; ящик не найден; нет такого пользователя; 收件人不存在; 用户不存在; \
         宛先不明; 見つかりません; 存在しません; リストにありません",
    ),
    family(
        Reason::UserUnknown,
        USUAL,
        "recipient not accepted; delivery error dd this user; not a valid address; does not like recipient; \
         account closed; account has been closed; account is closed; mailbox unavailable or access denied; \
         recipient rejected no such; user .. unknown; unknown .. user; no such .. user; recipient .. not exist; \
         invalid .. recipient; address .. not found; mailbox .. not found; mailbox not found or; not exist; \
         no longer exist; is not valid; user unavailable; nobody here by that name",
    ),
    family(
        Reason::HostUnknown,
        CERTAIN,
        "host or domain name not found; host not found; no such host; host unknown; unknown host; \
         domain name not found; no such domain; domain does not exist; domain not found; bad destination system; \
         bad destination host; responded with code nxdomain; nxdomain; non existent domain; nonexistent domain; \
         couldnt find any host named; couldnt find a mail exchanger or ip address; unable to resolve host; \
         unable to resolve; name or service not known; lookup .. had no relevant answers; unrouteable mail domain; \
         unroutable mail domain; unroutable domain; all relevant mx records point to non existent hosts; \
         no mx record found for domain; no mx or a record; no a or mx record; \
         mail domain mentioned in email address is unknown; \
         lowest numbered mx record points to local host .. not listed; domain is not reachable; \
         cannot resolve the domain; could not resolve; name service error for name % type a host not found; \
         name service error .. host not found; invalid domain; unknown domain; domain unknown; \
         recipient domain not found; domain name does not exist; illegal host domain name found; \
         host name lookup failure .. not found; dns .. domain does not exist; infodomainnonexistent; \
         domain couldnt be found; domain wasnt found",
    ),
    family(
        Reason::NoMailAccepted,
        CERTAIN,
        "null mx; an mx or srv record indicated no smtp service; nullmx; does not accept mail; \
         doesnt receive email; does not accept email; domain does not accept mail; domain doesnt accept mail; \
         doesnt accept mail; doesnt accept email; host does not accept mail; server does not accept mail; \
         recipient domain .. does not accept; no mail accepted here; we do not accept mail; does not receive mail; \
         mail not accepted for this domain; domain of recipient .. null mx",
    ),
    family(
        Reason::NoMailAccepted,
        SURE,
        "no smtp service here; smtp protocol returned a permanent error 521; smtp service not available here; \
         server does not receive mail; name server does not accept; mail is not accepted here",
    ),
    family(
        Reason::UserDisabled,
        CERTAIN,
        "account is disabled; account has been disabled; account disabled; \
         account that you tried to reach is disabled; account that you tried to reach is inactive; \
         account suspended; account is suspended; account has been suspended; account inactive; \
         account is inactive; account is not active; account not active; account is temporarily suspended; \
         account .. suspended; account is locked; account locked; account has been locked; account expired; \
         account has expired; account has been deactivated; account deactivated; account has been blocked; \
         account is blocked; account is not allowed to receive; account is frozen; account .. disabled; \
         account .. discontinued; account .. deactivated; account has been inactive; inactive account; \
         inactive user; inactive mailbox; inactive email address; inactive address; disabled user; \
         disabled recipient; temporary locked; temporarily locked; user .. locked; account .. locked; \
         disabled mailbox; disabled account; suspended user; suspended account; mailbox disabled; \
         mailbox is disabled; mailbox has been disabled; mailbox currently suspended; mailbox suspended; \
         mailbox is suspended; mailbox inactive; mailbox is inactive; mailbox is not active; mailbox is frozen; \
         mailbox frozen; mailbox is blocked; mailbox blocked; mailbox locked; mailbox is locked; \
         mailbox deactivated; mailbox has been deactivated; mailbox temporarily disabled; \
         mailbox .. disabled not accepting messages; mailbox disabled not accepting messages; user disabled; \
         user is disabled; user is inactive; user inactive; user is not active; user not active; user suspended; \
         user is suspended; user has been suspended; user is locked; user .. disabled; recipient disabled; \
         recipient is disabled; recipient suspended; recipient is inactive; recipient has been suspended; \
         recipient is not active; address disabled; address is disabled; address has been disabled; \
         address is no longer active; address no longer active; address is no longer in use; address is inactive; \
         no longer active; not an active mailbox; is not active; email address is not active; \
         delivery to this address is restricted due to inactivity; deactivated mailbox; deactivated due to; \
         domain is suspended; domain suspended; domain has been suspended; domain is disabled; domain .. disabled; \
         recipient domain .. suspended; domain is currently not active; sorry .. suspended; has been discontinued; \
         account unavailable; disabled or discontinued; access to this mailbox has been disabled; \
         mailbox for @ disabled; invalid inactive user; invalid or inactive user; boite du destinataire archivee; \
         archived recipient; compte inactif; konto deaktiviert; konto gesperrt; postfach gesperrt; \
         аккаунт заблокирован; ящик заблокирован; 账户已停用",
    ),
    family(
        Reason::UserDisabled,
        USUAL,
        "suspended; account .. inactive; mailbox .. inactive; deactivated; user is terminated; \
         not allowed to receive mail; cannot receive mail at this time; permanently unavailable",
    ),
    family(
        Reason::MailboxFull,
        CERTAIN,
        "mailbox full; mailbox is full; mailbox .. full; mailfolder is full; mailbox over quota; \
         mailbox is over quota; mailbox exceeded quota; mailbox exceeds; mailbox quota; mailbox .. over quota; \
         mailbox .. exceeded .. quota; mailbox has exceeded; mailbox size limit exceeded; mailbox size exceeded; \
         mailbox is too large; maildir over quota; maildir overquota; maildir .. quota; \
         maildir delivery failed .. quota; full mailbox; mail box full; mail box is full; inbox is full; \
         inbox full; inbox is out of storage; out of storage space; overquotaperm; overquotatemp; overquota; \
         over quota; over its quota; over their quota; over the quota; quota exceeded; quota exceed; \
         exceeded quota; exceeded its quota; exceeded storage allocation; exceeded his quota; \
         exceeded their quota; exceed quota; exceeds quota; exceeds his quota; exceeding quota; quota violation; \
         quota has been exceeded; quota is exceeded; quota full; disk quota exceeded; user is over quota; \
         user over quota; recipient over quota; over disk quota; exceeded the .. quota; account is over quota; \
         account is full; account full; over storage limit; storage quota; storage limit exceeded; \
         storage limit reached; exceeded storage; not enough storage space available to complete; \
         insufficient quota; insufficient mailbox; no space left in mailbox; no room in mailbox; \
         not enough space in mailbox; not enough disk space in mailbox; not enough quota; \
         mailbox does not have enough space; too many messages in mailbox; \
         user has too many messages on the server; has exhausted allowed storage space; \
         recipient has exceeded mailbox quota; recipients mailbox is full; recipient mailbox .. full; \
         recipient reached disk quota; quotaexceeded; mailboxfull; mailbox will exceed; \
         mailbox exceeded the .. limit; mailbox .. exceeded the .. limit; mailbox .. exceeded .. limit; \
         boite du destinataire pleine; boîte pleine; boite pleine; quota dépassé; postfach voll; \
         postfach ist voll; postfach überfüllt; buzon lleno; buzón lleno; casella piena; caixa postal cheia; \
         ящик переполнен; 邮箱已满; 容量を超え; メールボックスが一杯",
    ),
    family(
        Reason::MailboxFull,
        USUAL,
        "quota; too much mail stored; storage allocation; message would exceed",
    ),
    family(
        Reason::UserMoved,
        CERTAIN,
        "user has moved; has moved to; recipient has moved; has been replaced by; please use the new address; \
         address has changed; address changed; changed his address; new address is; please forward to; \
         user not local please try; no longer uses this address; has changed to; please update your records; \
         inactive email address .. new",
    ),
    family(
        Reason::UserMoved,
        USUAL,
        "user not local will forward; has moved; moved to",
    ),
    family(
        Reason::RecipientRefused,
        SURE,
        "refused due to recipient preferences; due to recipient preferences; recipient preferences; \
         recipient refuses; recipient refused; recipient does not want; recipient has blocked; \
         recipient has rejected; blocked by recipient; refused by recipient; rejected by user; \
         is not accepting mail from; not accepting mail from this sender; not accepting messages from; \
         recipient only accepts; accepts mail only from; accept mail only from; only accepts messages from; \
         sender not authenticated for recipient; sendernotauthenticatedforgroup; \
         not authorized to send to the recipient; not permitted to send to; dont have permission to; \
         not allowed to send to this; not allowed to post to; restricted group; restricted recipient; \
         recipnotauthenticated; recipient .. not accept mail from; delivery not permitted to recipient; \
         you are not allowed to post; members only; only list members; sender not in allow list; \
         not on allow list; not in the list of allowed senders; is not allowed to mail this list; \
         group you tried to contact .. may not exist; may not have permission to post; message filtered; \
         filtered by recipient; recipient filter; user reject; user rejected the message; \
         rejected by filter of the recipient; mailbox owner has changed; domain owner has changed; \
         recipient validation; you may not have permission; recipient not allowed; \
         recipient not permitted; recipient is not allowed; recipient address was rejected; receiver rejected; \
         mailbox .. rejecting",
    ),
    // Postfix puts this before every cause, and others say it of any.
    family(
        Reason::RecipientRefused,
        WRAPPER,
        "recipient address rejected",
    ),
    family(
        Reason::RecipientRefused,
        HINT,
        "recipient rejected; recipient error; mailbox unavailable; mailbox is unavailable; mailbox not available; \
         mailbox temporarily unavailable; requested action not taken mailbox unavailable; address rejected; \
         user rejected; recipient unavailable; mailbox access denied; recipient address reserved; \
         recipient denied; cannot be delivered to this recipient; recipient temporarily unavailable; \
         rejecting mail to; mailbox currently unavailable; due to a recipient error",
    ),
    family(
        Reason::UserUnknown,
        SURE,
        "addressee unknown; address is unknown; unknown email address; unknown virtual user; \
         unknown or illegal user; unknown address or alias; userunknown; no such email address; no such mail drop; \
         no such id; no one with that email address; no mail box available for this user; address was not found; \
         email address was not found; was not found in ldap server; unable to find alias user; \
         recipient cannot be verified; recipient unrecognized; could not deliver mail to; \
         i cannot deliver mail for; server doesnt handle mail for that user; \
         email address is not known to this system; unknown user name; illegal user; illegal alias; \
         incorrectly addressed; no longer an employee; no longer valid; no longer works here; not exists; \
         recipient address rejected access denied as; tenant or domain not found; invalid mailbox local mailbox; \
         account that does not exist; local mailbox .. is unavailable user not found; person not found; \
         not a known recipient; unknown destination; destination unknown; destination address unknown; \
         destination mailbox; no such destination; rcpt .. not exist; no account exists; no local user; \
         mailbox nonexistent; no such local part; addressee not found; unable to validate recipient; \
         unable to verify recipient; resolver adr ex~; nosuchuser; adressat unbekannt; empfängeradresse ungültig; \
         kein postfach; boîte aux lettres inconnue; adresse électronique inconnue; indirizzo inesistente; \
         destinatario errato; nie istnieje; nie ma takiego konta; użytkownik nieznany; gebruiker onbekend; \
         onbekende gebruiker; kullanıcı bulunamadı; casilla inexistente; cuenta no existe; buzón no existe; \
         caixa postal inexistente; не существует; не найден; адресат не найден; recipient syntax; 見つかりませんでした; \
         使用者不存在; 存在していません",
    ),
    family(
        Reason::UserDisabled,
        CERTAIN,
        "account is not activated; user account not activated; mailbox locked or suspended; \
         address is administratively disabled; administratively disabled; address no longer accepts mail; \
         no longer accepts mail; mailbox disabled for this recipient; mailbox was disabled; \
         disabled for this recipient; not currently being accepted for this mailbox; blocked due to inactivity; \
         due to inactivity; user is blocked; user account is; user is currently; user hangup; usuario inactivo; \
         disattivato; zablokowane; desactivee; désactivé; deaktiviert; stillgelegt; mailbox .. expired; \
         account has been closed and; has been suspended; is suspended; currently suspended; is disabled; \
         is inactive; been disabled; been deactivated; access to account disabled; account access disabled; \
         mailbox is hidden; user has been disabled",
    ),
    family(
        Reason::MailboxFull,
        CERTAIN,
        "recipient storage full; storage full; user is over the quota; user .. full; recipient .. full; \
         account .. full; inbox .. full; mailbox usage exceeded; mailbox limit; exceeds allowed size; \
         exceeded his allowed; exhausted allowed; over the allowed quota; over the maximum allowed; quota limit; \
         quota has been reached; reached its quota; reached quota; quota is full; disk usage exceeded; \
         mailbox would exceed; exceeded the space; out of quota; insufficient disk quota; not have enough space; \
         does not have enough free space; no space left for; postfach .. voll; speicherplatz; zuviele mails; \
         cuota excedida; excedido su cuota; quota superata; casella .. piena; przepełniona; переполнен",
    ),
    family(
        Reason::UserMoved,
        CERTAIN,
        "old address no longer valid; recipient has changed; has left the company; i have moved",
    ),
    family(
        Reason::RecipientRefused,
        SURE,
        "blocked by the recipient; rejected by windows live hotmail user; user has blocked; \
         private list access denied; subscribers only; only members; not subscribed; you must be a member; \
         requires moderation; sender not allowed for this recipient; not authorized to post; \
         post messages to the group; recipient not on; requires that you verify; challenge response",
    ),
    // Postfix says it of a recipient that it has asked another server about, and has no answer yet.
    family(
        Reason::RecipientRefused,
        CERTAIN,
        "recipient address rejected unverified address; recipient address rejected .. address verification in progress",
    ),
    family(
        Reason::UserUnknown,
        SURE,
        "recipient addresses rejected access denied; not known at",
    ),
    family(
        Reason::MailboxFull,
        98,
        "too much mail data; mailbox space; mailbox has reached; mailbox .. maximum size; mailbox .. storage limit",
    ),
    family(
        Reason::RecipientRefused,
        SURE,
        "not accepting mail for; user refused to receive; refused to receive; rejected by recipients; \
         does not want your mail; does not wish to",
    ),
    family(
        Reason::NoMailAccepted,
        SURE,
        "takes no mail; accepts no mail",
    ),
    family(
        Reason::UserUnknown,
        SURE,
        "mailing list not found; no such list; no such mailing list",
    ),
    family(
        Reason::HostUnknown,
        SURE,
        "% does not exist; domain % not found",
    ),
    family(
        Reason::UserDisabled,
        SURE,
        "is now disabled; is now closed; is now inactive",
    ),
    family(
        Reason::RecipientRefused,
        SURE,
        "rcpt is rejected; rcpt rejected",
    ),
    family(
        Reason::RecipientRefused,
        97,
        "sendernotauthenticatedforgroup authentication required",
    ),
    family(
        Reason::UserUnknown,
        SURE,
        "address contains illegal; illegal characters in user",
    ),
    family(Reason::UserUnknown, USUAL, "dosnt exist"),
    family(
        Reason::UserUnknown,
        HINT,
        "no valid recipients; not found; does not exist; doesnt exist; undeliverable",
    ),
];
