//! The agent's ports: one call of `agent.thrift` a packet, in the compact (6831, 5775) or the binary (6832) protocol. UDP has no
//! reply: what cannot be taken is counted and gone, which is why clients should use OTLP.

use std::{sync::Arc, time::Duration};

use tokio::{net::UdpSocket, sync::Semaphore};
use tokio_util::sync::CancellationToken;

use crate::receiver::{Format, Intake, IntakeError, Transport, thrift::Protocol};

/// What the agent of Jaeger takes at most; a UDP packet cannot hold many more.
pub const DEFAULT_PACKET_BYTES_MAX: usize = 65_000;
/// Packets that wait for the storage.
pub const DEFAULT_PACKETS_IN_FLIGHT_MAX: usize = 1_000;
/// What the kernel keeps while we are busy.
pub const DEFAULT_SOCKET_BUFFER_BYTES: usize = 4 << 20;

/// After an error that receiving meets, before it tries again.
const RECEIVE_BACKOFF: Duration = Duration::from_millis(50);

/// The encoding of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Compact,
    Binary,
}

/// Takes packets until it is stopped, and ends once those are stored that it has taken.
pub async fn serve(socket: UdpSocket, encoding: Encoding, intake: Intake, stopping: CancellationToken) {
    if let Err(error) = socket2::SockRef::from(&socket).set_recv_buffer_size(DEFAULT_SOCKET_BUFFER_BYTES) {
        tracing::debug!(error = &error as &dyn std::error::Error, "the socket keeps its own buffer");
    }
    let via = encoding.via();
    let places = Arc::new(Semaphore::new(DEFAULT_PACKETS_IN_FLIGHT_MAX));
    let mut packet = vec![0; DEFAULT_PACKET_BYTES_MAX];
    loop {
        let received = tokio::select! {
            () = stopping.cancelled() => break,
            received = socket.recv(&mut packet) => received,
        };
        // An error is about an earlier packet, or about memory: the next one may be all right.
        let Ok(len) = received else {
            tokio::time::sleep(RECEIVE_BACKOFF).await;
            continue;
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            via.count_refused_request();
            continue;
        };
        let (intake, packet) = (intake.clone(), packet[..len].to_vec());
        tokio::spawn(async move {
            if let Err(error) = store(&intake, encoding, packet).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "a packet is lost");
                if !matches!(error, IntakeError::Storage(_)) {
                    via.count_refused_request();
                }
            }
            drop(place);
        });
    }
    drop(socket);
    let _ = places.acquire_many(DEFAULT_PACKETS_IN_FLIGHT_MAX as u32).await;
}

async fn store(intake: &Intake, encoding: Encoding, packet: Vec<u8>) -> Result<(), IntakeError> {
    let ticket = intake.admission.ticket();
    ticket.grow(2 * packet.len())?;
    let batch = Format::JaegerCall(encoding).read(&packet, false)?;
    drop(packet);
    intake.submit_written(batch, encoding.via()).await?;
    Ok(())
}

impl Encoding {
    pub(in crate::receiver) fn protocol(self) -> Protocol {
        match self {
            Self::Compact => Protocol::Compact,
            Self::Binary => Protocol::Binary,
        }
    }

    fn via(self) -> Transport {
        let transport = match self {
            Self::Compact => "udp_thrift_compact",
            Self::Binary => "udp_thrift_binary",
        };
        Transport { receiver: "jaeger", transport }
    }
}
