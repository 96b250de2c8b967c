// SPDX-License-Identifier: Apache-2.0
//! rmodbus: a codec and a context; the loop around it reads what has come as one frame, as its documentation does.

use rmodbus::server::context::ModbusContext;
use rmodbus::server::storage::ModbusStorageFull;
use rmodbus::server::ModbusFrame;
use rmodbus::{ModbusFrameBuf, ModbusProto};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

const UNIT: u8 = 1;

fn answer(context: &ModbusStorageFull, request: &ModbusFrameBuf) -> Option<Vec<u8>> {
    let mut reply = Vec::new();
    let mut frame = ModbusFrame::new(UNIT, request, ModbusProto::TcpUdp, &mut reply);
    frame.parse().ok()?;
    if frame.processing_required {
        frame.process_read(context).ok()?;
    }
    if frame.response_required {
        frame.finalize_response().ok()?;
    }
    Some(reply)
}

fn serve(context: &ModbusStorageFull, mut client: TcpStream) {
    loop {
        let mut request: ModbusFrameBuf = [0; 256];
        if client.read(&mut request).unwrap_or(0) == 0 {
            return;
        }
        match answer(context, &request) {
            Some(reply) if client.write_all(&reply).is_ok() => {}
            _ => return,
        }
    }
}

fn main() {
    let port: u16 = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut context = ModbusStorageFull::default();
    for address in 0..200 {
        context.set_holding(address, 1000 + address).unwrap();
    }
    let context = Arc::new(context);
    for client in TcpListener::bind(("127.0.0.1", port)).unwrap().incoming() {
        let context = Arc::clone(&context);
        std::thread::spawn(move || serve(&context, client.unwrap()));
    }
}
