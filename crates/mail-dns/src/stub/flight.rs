//! Equal questions in flight share one exchange.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use crate::{Answer, LookupError, Question};

/// What comes of a question.
pub(super) type Outcome = Result<Answer, LookupError>;
type Work = BoxFuture<'static, Outcome>;

/// The questions in flight.
///
/// Whoever waits for a question drives it, so no task is needed: if one asker is cancelled, the next takes over, and if
/// all are, the exchange is dropped.
#[derive(Debug, Default)]
pub(super) struct Flights {
    board: Mutex<Board>,
}

#[derive(Debug, Default)]
struct Board {
    flights: HashMap<Question, Flight>,
    next_number: u64,
}

#[derive(Debug)]
struct Flight {
    number: u64,
    /// Held by the askers alone.
    work: WeakShared<Work>,
}

impl Flights {
    /// Joins the flight for `question`, or starts one with `work`.
    pub(super) fn join(
        self: &Arc<Self>,
        question: &Question,
        work: impl Future<Output = Outcome> + Send + 'static,
    ) -> Shared<Work> {
        let mut board = self.board();
        if let Some(shared) = board
            .flights
            .get(question)
            .and_then(|flight| flight.work.upgrade())
        {
            return shared;
        }
        let number = board.next_number;
        board.next_number += 1;
        let landing = Landing {
            flights: Arc::clone(self),
            question: question.clone(),
            number,
        };
        let work = async move {
            let outcome = work.await;
            drop(landing);
            outcome
        };
        let shared = work.boxed().shared();
        if let Some(work) = shared.downgrade() {
            board
                .flights
                .insert(question.clone(), Flight { number, work });
        }
        shared
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the flight off the board when it is over, however it ends.
#[derive(Debug)]
struct Landing {
    flights: Arc<Flights>,
    question: Question,
    number: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut board = self.flights.board();
        // After the last asker has left, and before this runs, the question may have been asked again.
        if board
            .flights
            .get(&self.question)
            .is_some_and(|flight| flight.number == self.number)
        {
            board.flights.remove(&self.question);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;
    use crate::{LookupErrorKind, RecordType};

    fn question() -> Question {
        Question {
            name: "a.test".parse().expect("a name"),
            record_type: RecordType::A,
        }
    }

    struct Fixture {
        flights: Arc<Flights>,
        started: Arc<AtomicUsize>,
        gate: Arc<Notify>,
    }

    impl Fixture {
        fn new() -> Self {
            Self {
                flights: Arc::default(),
                started: Arc::default(),
                gate: Arc::default(),
            }
        }

        /// Fails once the gate opens.
        fn join(&self) -> Shared<Work> {
            let (started, gate) = (Arc::clone(&self.started), Arc::clone(&self.gate));
            self.flights.join(&question(), async move {
                started.fetch_add(1, Ordering::Relaxed);
                gate.notified().await;
                Err(LookupError::new(LookupErrorKind::ServFail, question()))
            })
        }

        fn started(&self) -> usize {
            self.started.load(Ordering::Relaxed)
        }

        fn in_flight(&self) -> usize {
            self.flights.board().flights.len()
        }
    }

    #[tokio::test]
    async fn equal_questions_share_one_exchange() {
        let fixture = Fixture::new();
        let askers: Vec<_> = (0..50).map(|_| tokio::spawn(fixture.join())).collect();
        tokio::task::yield_now().await;
        fixture.gate.notify_one();
        for asker in askers {
            assert!(asker.await.expect("no panic").is_err());
        }
        assert_eq!(fixture.started(), 1);
        assert_eq!(fixture.in_flight(), 0);
        // What is over is asked anew.
        fixture.gate.notify_one();
        assert!(fixture.join().await.is_err());
        assert_eq!(fixture.started(), 2);
    }

    #[tokio::test]
    async fn a_follower_takes_over_from_a_cancelled_leader() {
        let fixture = Fixture::new();
        let leader = tokio::spawn(fixture.join());
        tokio::task::yield_now().await;
        let follower = tokio::spawn(fixture.join());
        tokio::task::yield_now().await;
        leader.abort();
        assert!(leader.await.expect_err("aborted").is_cancelled());
        fixture.gate.notify_one();
        assert!(follower.await.expect("no panic").is_err());
        assert_eq!(fixture.started(), 1);
    }

    #[tokio::test]
    async fn a_late_landing_leaves_the_next_flight_alone() {
        let fixture = Fixture::new();
        let first = fixture.join();
        let number = fixture.flights.board().next_number;
        drop(first);
        let _second = fixture.join();
        drop(Landing {
            flights: Arc::clone(&fixture.flights),
            question: question(),
            number: number - 1,
        });
        assert_eq!(fixture.in_flight(), 1);
    }

    #[tokio::test]
    async fn an_exchange_that_nobody_waits_for_is_dropped() {
        let fixture = Fixture::new();
        let asker = tokio::spawn(fixture.join());
        tokio::task::yield_now().await;
        assert_eq!(fixture.in_flight(), 1);
        asker.abort();
        assert!(asker.await.is_err());
        assert_eq!(fixture.in_flight(), 0);
        assert_eq!(Arc::strong_count(&fixture.gate), 1, "the work is gone");
    }
}
