//! Two senses near each other, in either order: what a text says in words that no table has as they stand.
//!
//! `no mailbox of that name was ever known here` and `unknown to us: this mailbox` say the same. So the words of a few senses
//! (recipients, absence, refusal) are looked for in the same pass as the wordings, and a word of one sense that is not far from a word
//! of another one is a hit. It says less than a wording and more than a single word of several meanings.

use super::{LOOSE, Weight};
use crate::diagnosis::Reason;

/// The furthest that two senses stand from each other, in octets.
pub(super) const REACH: usize = 48;

/// What words are about, or what is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sense {
    Recipient,
    Sender,
    Domain,
    Space,
    Relay,
    Client,
    ReverseName,
    Credentials,
    Encryption,
    Message,
    Amount,
    Absent,
    Disabled,
    Full,
    Exceeded,
    Refused,
    Wrong,
    Required,
    Malformed,
}

use Sense::{
    Absent, Amount, Client, Credentials, Disabled, Domain, Encryption, Exceeded, Full, Malformed,
    Message, Recipient, Refused, Relay, Required, ReverseName, Sender, Space, Wrong,
};

/// The words of each sense, as the wordings of the tables are written.
pub(super) const SENSES: [(Sense, &str); 19] = [
    (
        Recipient,
        "user; users; recipient; recipients; mailbox; mailboxes; inbox; address; addresses; account; \
         accounts; alias; addressee; person; customer; subscriber; userid; username; destination; mailfolder; \
         local part; mailing list; destinataire; utilisateur; boîte; boite; destinatario; destinatário; usuario; \
         usuário; buzon; buzón; casilla; cuenta; conta; caixa; casella; utente; benutzer; empfänger; empfaenger; \
         empfängeradresse; postfach; konto; получател~; пользовател~; адресат~; ящик~; 用户; 收件人; 邮箱; 宛先; ユーザ; \
         メールボックス; メールアドレス",
    ),
    (
        Sender,
        "sender; senders; mailfrom; from domain; from address; envelope from; return path; \
         sending domain; remitente; remetente; expéditeur; expediteur; emetteur; absender; mittente; отправител~; \
         发件人; 送信者",
    ),
    (
        Domain,
        "domain; domains; host; mx; dns; domaine; dominio; domínio; домен~; 域名",
    ),
    (
        Space,
        "quota; storage; space; disk; disc; speicherplatz; speichervolumen; cuota; espacio; espaço; 空间; 容量",
    ),
    (Relay, "relay; relaying; relais; weiterleitung; релей"),
    (
        Client,
        "ip; ips; ip address; your host; your server; your mail server; connecting host; adresse ip; dirección ip",
    ),
    (
        ReverseName,
        "hostname; reverse; rdns; ptr; forward confirmed; resolve back; back to its address",
    ),
    (
        Credentials,
        "auth; authentication; login; password; credentials; username; authentifizierung; autenticación; \
         autenticação; аутентификаци~",
    ),
    (
        Encryption,
        "tls; starttls; ssl; encryption; encrypted; verschlüsselung",
    ),
    (
        Message,
        "message; mail; email; content; body; header; headers; attachment; mime; subject; nachricht; mensaje; mensagem; \
         сообщение; письмо",
    ),
    (
        Amount,
        "messages; message; mails; emails; recipients; rcpt; rcpts; sends; sending; deliveries; commands; volume; rate; queue",
    ),
    (
        Absent,
        "unknown; not found; no such; no record; not exist; does not exist; do not exist; does not belong; no longer exists; not known; \
         not recognized; unrecognized; nonexistent; non existent; not be found; \
         cannot be found; cannot find; could not find; not listed; not in; not a member; \
         not registered; not local; not ok; never existed; invalid; not valid; wrong; misspelled; \
         incorrect; bad; deleted; removed; unallocated; unverified; not deliverable; undeliverable; \
         inconnu; inconnue; nexiste pas; introuvable; invalide; no existe; desconocido; inexistente; não existe; \
         nao existe; desconhecido; unbekannt; existiert nicht; nicht bekannt; nicht gefunden; nicht vorhanden; \
         sconosciuto; inesistente; non esiste; не существует; не найден; неизвест~; 不存在; 未开通; 無効; 存在しません; \
         見つかりません",
    ),
    (
        Disabled,
        "disabled; inactive; inactivated; suspended; deactivated; locked; closed; terminated; frozen; cancelled; \
         canceled; discontinued; retired; abandoned; unused; not activated; not active; no longer active; \
         no longer in use; gesperrt; deaktiviert; désactivé; desactivada; desactivado; desativada; inactivo; \
         заблокирован; 停用; 冻结; 已注销",
    ),
    (
        Full,
        "full; over quota; overquota; lleno; llena; cheia; cheio; plein; pleine; voll; überfüllt; piena; переполнен~; \
         已满; 不足; 一杯",
    ),
    (
        Exceeded,
        "exceeded; exceed; exceeds; exceeding; over; limit; limits; reached; max; maximum; too many; too much; \
         excessive; out of; not enough; insufficient; not sufficient; überschritten; ueberschritten; dépassé; excedida; \
         excedido; excedeu; superata; превышен~; 超过; 不足; 超え",
    ),
    (
        Refused,
        "rejected; reject; refused; refuse; blocked; denied; deny; denies; declined; banned; prohibited; forbidden; \
         disallowed; no access; not allowed; not permitted; not accepted; unacceptable; unauthorized; abgelehnt; verweigert; \
         zurückgewiesen; rejeté; rejetée; refusé; refusée; non autorisé; rechazado; rechazada; recusado; recusada; rejeitado; \
         rejeitada; bloqueado; bloqueada; rifiutato; отклонен~; отказано; 拒绝; 被拒",
    ),
    (
        Wrong,
        "fail; failed; fails; failure; error; errors; unsupported; not supported; incorrect; invalid; mismatch; \
         mismatches; missing; does not resolve; not resolvable; does not match; fehlgeschlagen; falló; falhou; échec; \
         échoué",
    ),
    (
        Required,
        "required; requires; need; needed; must; erforderlich; requerida; obrigatória; mandatory",
    ),
    (
        Malformed,
        "parse; malformed; mandatory; compliant; noncompliant; conform; standards; structure; corrupt; corrupted; \
         boundary; invalid data; illegal",
    ),
];

/// What two senses near each other mean.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) reason: Reason,
    pub(super) weight: Weight,
    pub(super) senses: [Sense; 2],
}

const fn pair(reason: Reason, weight: Weight, one: Sense, other: Sense) -> Pair {
    Pair {
        reason,
        weight,
        senses: [one, other],
    }
}

/// Of two that both fit, the heavier one is about the narrower thing: a sender's address is an address too.
pub(super) const PAIRS: &[Pair] = &[
    pair(Reason::UserUnknown, LOOSE, Recipient, Absent),
    pair(Reason::UserDisabled, LOOSE + 2, Recipient, Disabled),
    pair(Reason::MailboxFull, LOOSE + 3, Recipient, Full),
    pair(Reason::MailboxFull, LOOSE + 1, Space, Exceeded),
    pair(Reason::MailboxFull, LOOSE + 1, Space, Full),
    pair(Reason::RecipientRefused, LOOSE - 7, Recipient, Refused),
    pair(Reason::SenderRefused, LOOSE + 1, Sender, Refused),
    pair(Reason::SenderRefused, LOOSE + 1, Sender, Absent),
    pair(Reason::SenderRefused, LOOSE + 1, Sender, Wrong),
    pair(Reason::HostUnknown, LOOSE - 1, Domain, Absent),
    pair(Reason::RelayDenied, LOOSE + 3, Relay, Refused),
    pair(Reason::Reputation, LOOSE - 2, Client, Refused),
    pair(Reason::ReverseDns, LOOSE + 3, ReverseName, Wrong),
    pair(Reason::ReverseDns, LOOSE + 3, ReverseName, Absent),
    pair(Reason::AuthRequired, LOOSE + 2, Credentials, Wrong),
    pair(Reason::AuthRequired, LOOSE + 2, Credentials, Required),
    pair(Reason::AuthRequired, LOOSE + 2, Credentials, Refused),
    pair(Reason::TlsRequired, LOOSE + 3, Encryption, Required),
    pair(Reason::TlsFailed, LOOSE + 2, Encryption, Wrong),
    pair(Reason::Content, LOOSE, Message, Malformed),
    pair(Reason::RateLimited, LOOSE, Amount, Exceeded),
];
