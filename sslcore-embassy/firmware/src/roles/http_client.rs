//! A client of HTTP/1.1 by reqwless. Its requests and responses take any stream.

use alloc::vec;

use embassy_net::Stack;
use embedded_io_async::{Read, Write};
use reqwless::request::{Method, Request, RequestBuilder};
use reqwless::response::Response;

use super::{Outcome, add, encrypted, text};
use crate::order::Order;
use crate::semihosting::say;

/// Asks for each page of `paths=/one:/two`, one after the other on one connection.
pub(crate) async fn http_client(stack: Stack<'static>, order: &Order) -> Outcome {
    let mut socket = encrypted(stack, order).await?;
    // Header and the first bytes of the body.
    let mut header = vec![0; 1024];
    let mut piece = vec![0; 512];
    for path in order.get("paths").unwrap_or("/").split(':') {
        let request = Request::get(path).host("server.test").build();
        request.write_header(&mut socket).await.map_err(text)?;
        socket.flush().await.map_err(text)?;
        let response = Response::read(&mut socket, Method::GET, &mut header);
        let response = response.await.map_err(text)?;
        let (status, length) = (response.status.0, response.content_length);
        let mut body = response.body().reader();
        let (mut bytes, mut sum) = (0, 0);
        while let len @ 1.. = body.read(&mut piece).await.map_err(text)? {
            bytes += len;
            sum = add(sum, &piece[..len]);
        }
        say!("{path}: status {status}, {length:?}, heard {bytes} bytes, sum {sum}");
    }
    socket.close().await.map_err(text)
}
