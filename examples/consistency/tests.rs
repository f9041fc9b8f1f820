use std::net::SocketAddr;

use mail_dns::consistency::ServerAnswer;
use mail_dns::{Question, StaticLookup};

use super::*;

/// All servers say what the resolver says.
struct Alike(StaticLookup);

impl AskServer for Alike {
    async fn ask_server(
        &self,
        _: SocketAddr,
        question: &Question,
    ) -> Result<ServerAnswer, LookupError> {
        let answer = self.0.lookup(&question.name, question.record_type).await?;
        Ok(ServerAnswer::new(
            answer.aliases,
            Some(answer.response),
            true,
        ))
    }
}

async fn told(zone: &str, special: bool) -> (Outcome, String) {
    let dns = StaticLookup::from_zone_text(zone).expect("zone text");
    let domain = "d.test".parse().expect("a name");
    let facts = Facts::collect(&dns, &Alike(dns.clone()), domain, &[], special).await;
    let facts = facts.expect("names that can be asked for");
    (facts.outcome, text(&facts))
}

fn text(facts: &Facts) -> String {
    let mut page = facts.page(None);
    telling::tell(facts, &mut page);
    page.into_text()
}

#[track_caller]
fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.contains(line), "expected {line:?} in\n{text}");
    }
}

#[tokio::test]
async fn the_tour_shows_each_fault_at_its_server() {
    let tour = Tour::start().await.expect("servers");
    let facts = tour.facts().await.expect("names that can be asked for");
    let text = text(&facts);
    assert_eq!(facts.outcome, Outcome::Broken, "{text}");
    has(
        &text,
        &[
            "  ✓ servers    ns1.tour.test  192.0.2.1    serial 2026112402; ",
            "  ✓            ns1.tour.test  2001:db8::1  serial 2026112402; ",
            "  !            ns2.tour.test  192.0.2.2    serial 2026112401, older than another's; ",
            "  ✗            ns3.tour.test  192.0.2.3    lame: ",
            "  ?            ns4.tour.test  192.0.2.4    could not tell: ",
            "  ✗ differs    dig +norec TXT tour.test\n",
            "                 \"v=spf1 mx -all\"\n                   by ns2.tour.test 192.0.2.2\n",
            "  ✗ no answer  dig +norec @192.0.2.2 TXT _dmarc.tour.test  refused\n",
        ],
    );
}

#[tokio::test]
async fn not_asked_is_not_the_same_as_alike() {
    let zone = "d.test. 60 IN SOA ns.d.test. h.d.test. 1 2 3 4 5\nd.test. 60 IN NS ns.d.test.\n\
                ns.d.test. 60 IN A 192.0.2.1";
    let (outcome, text) = told(zone, true).await;
    assert_eq!(outcome, Outcome::Yes, "{text}");
    has(&text, &["yes: 1 server address of d.test says the same"]);
    let (outcome, text) = told(zone, false).await;
    assert_eq!(outcome, Outcome::Unknown, "{text}");
    has(&text, &["not contacted: ", "no name server was contacted"]);
    let (outcome, text) = told("d.test. 60 IN SOA ns.d.test. h.d.test. 1 2 3 4 5", true).await;
    assert_eq!(outcome, Outcome::Unknown, "{text}");
    let (outcome, text) = told("test. 60 IN SOA ns.test. h.test. 1 2 3 4 5", true).await;
    assert_eq!(outcome, Outcome::No, "{text}");
    let gone = format!("{zone}\nd.test. 60 IN NS gone.d.test.");
    let (outcome, text) = told(&gone, true).await;
    assert_eq!(outcome, Outcome::Broken, "{text}");
    has(
        &text,
        &["  ✗            dig A gone.d.test AAAA gone.d.test  it has no address"],
    );
}

#[tokio::test]
async fn an_alias_is_not_in_the_zone_of_its_target() {
    let zone = "d.test. 60 IN CNAME e.test.\ne.test. 60 IN SOA ns.e.test. h.e.test. 1 2 3 4 5";
    let (outcome, text) = told(zone, true).await;
    assert_eq!(outcome, Outcome::Unknown, "{text}");
    has(&text, &["it is an alias of a name in the zone e.test"]);
}
