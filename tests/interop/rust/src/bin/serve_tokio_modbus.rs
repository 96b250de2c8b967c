// SPDX-License-Identifier: Apache-2.0
//! tokio-modbus: a service over requests, which do not carry the unit.

use std::future::{ready, Ready};
use tokio::net::TcpListener;
use tokio_modbus::server::tcp::{accept_tcp_connection, Server};
use tokio_modbus::server::Service;
use tokio_modbus::{ExceptionCode, Request, Response};

struct Device;

fn answer(request: Request<'static>) -> Result<Response, ExceptionCode> {
    match request {
        Request::ReadHoldingRegisters(address, count) if u32::from(address) + u32::from(count) <= 200 => {
            let registers = (address..address + count).map(|at| 1000 + at).collect();
            Ok(Response::ReadHoldingRegisters(registers))
        }
        Request::ReadHoldingRegisters(..) => Err(ExceptionCode::IllegalDataAddress),
        _ => Err(ExceptionCode::IllegalFunction),
    }
}

impl Service for Device {
    type Request = Request<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Response, ExceptionCode>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        ready(answer(request))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let port: u16 = std::env::args().nth(1).unwrap().parse().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let accept = |stream, address| async move { accept_tcp_connection(stream, address, |_| Ok(Some(Device))) };
    Server::new(listener).serve(&accept, |error| eprintln!("{error}")).await.unwrap();
}
