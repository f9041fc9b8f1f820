//! SPF evaluated in any world: it ends, within its limits and with every step at its place, and a recording of it gives the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::spf::check_host;
use mail_dns::{Recorder, Replay};
use mailcheck_fuzz::{ready, scene};

fuzz_target!(|text: &[u8]| {
    let Some((dns, mut query)) = scene(text) else { return };
    query.limits.terms = u8::try_from(text.len()).unwrap_or(u8::MAX);
    let recorder = Recorder::new(dns);
    let evaluation = ready(check_host(&recorder, &query));
    assert!(evaluation.term_count <= u32::from(query.limits.terms) + 1);
    assert!(evaluation.void_count <= u32::from(query.limits.void_lookups) + 1);
    for step in &evaluation.steps {
        let record = &evaluation.records[step.record];
        assert!(record.texts.len() == 1 && step.span.start < step.span.end && step.span.end <= record.texts[0].len());
    }
    assert!(evaluation.problem.as_ref().is_none_or(|problem| problem.result() == evaluation.result));
    assert!(evaluation.explanation.iter().flat_map(|words| words.bytes()).all(|octet| (b' '..=b'~').contains(&octet)));
    assert_eq!(ready(check_host(&Replay::new(recorder.into_recording()), &query)), evaluation);
});
