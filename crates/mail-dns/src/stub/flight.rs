//! Equal questions in flight share one exchange.

use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::key::{Key, KeyMap};
use crate::{Answer, LookupError};

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
    flights: KeyMap<Flight>,
    next_number: u64,
}

#[derive(Debug)]
struct Flight {
    number: u64,
    /// Held by the askers alone.
    work: WeakShared<Work>,
}

impl Flights {
    /// Joins the flight for `key`, or starts one with what `work` makes, which drops the landing when it is over.
    pub(super) fn join<W>(
        self: &Arc<Self>,
        key: &Key,
        work: impl FnOnce(Landing) -> W,
    ) -> Shared<Work>
    where
        W: Future<Output = Outcome> + Send + 'static,
    {
        let mut board = self.board();
        let number = board.next_number;
        let place = board.flights.entry(key.clone());
        if let Entry::Occupied(flight) = &place
            && let Some(shared) = flight.get().work.upgrade()
        {
            return shared;
        }
        let landing = Landing {
            flights: Arc::clone(self),
            key: key.clone(),
            number,
        };
        let shared = work(landing).boxed().shared();
        if let Some(work) = shared.downgrade() {
            place.insert_entry(Flight { number, work });
        }
        board.next_number += 1;
        shared
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the flight off the board when it is over, however it ends.
#[derive(Debug)]
pub(super) struct Landing {
    flights: Arc<Flights>,
    key: Key,
    number: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut board = self.flights.board();
        // After the last asker has left, and before this runs, the question may have been asked again.
        if let Entry::Occupied(flight) = board.flights.entry(self.key.clone())
            && flight.get().number == self.number
        {
            flight.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;
    use crate::{LookupErrorKind, Question, RecordType};

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
        key: Key,
    }

    impl Fixture {
        fn new() -> Self {
            Self {
                flights: Arc::default(),
                started: Arc::default(),
                gate: Arc::default(),
                key: Key::new(question(), &std::hash::RandomState::new()),
            }
        }

        /// Fails once the gate opens.
        fn join(&self) -> Shared<Work> {
            let (started, gate) = (Arc::clone(&self.started), Arc::clone(&self.gate));
            self.flights.join(&self.key, |landing| async move {
                let _landing = landing;
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
            key: fixture.key.clone(),
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
