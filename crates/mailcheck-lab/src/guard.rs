//! The life of a server: one task, ended with its handle.

use std::{future::Future, net::Shutdown, sync::Arc};

use socket2::SockRef;
use tokio::{net::TcpListener, task::JoinHandle};

/// Ends a server's task when dropped.
///
/// An aborted task closes its sockets only when the runtime comes to it. So that the port refuses at once,
/// the listening socket is shut down here as well: on Linux that ends its listening.
#[derive(Debug)]
pub(crate) struct Guard {
    task: JoinHandle<()>,
    listener: Arc<TcpListener>,
}

impl Guard {
    /// Runs `serve` with the listener until the guard goes.
    pub(crate) fn spawn<F>(listener: TcpListener, serve: impl FnOnce(Arc<TcpListener>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = Arc::new(listener);
        Self {
            task: tokio::spawn(serve(Arc::clone(&listener))),
            listener,
        }
    }

    /// Ends the task and waits until it is gone, and with it every socket it had.
    pub(crate) async fn stop(mut self) {
        self.end();
        // The task was cancelled, which is the error to be expected here.
        let _cancelled = (&mut self.task).await;
    }

    fn end(&self) {
        // A socket that is shut down already needs nothing more.
        let _done = SockRef::from(&*self.listener).shutdown(Shutdown::Both);
        self.task.abort();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.end();
    }
}
