//! The database's functions over PostgREST. The only file that names the crates `postgrest` and `reqwest`, its client.

#[cfg(not(target_arch = "wasm32"))]
use super::answer::TOO_LARGE;
use super::answer::{TIMEOUT, Target, answer};
use super::timer::Expired;
#[cfg(not(target_arch = "wasm32"))]
use super::timer::within;
#[cfg(not(target_arch = "wasm32"))]
use crate::base::ErrorCode;
use crate::base::QueueError;
use crate::protocol::Rpc;
#[cfg(not(target_arch = "wasm32"))]
use futures_util::TryFutureExt;
use postgrest::Postgrest;
use std::time::Duration;

/// More than a claim can hold: 8 MiB, and one message of the largest size.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Calls functions in a project's `public` schema with one of its secret keys.
pub struct PostgrestRpc {
    client: Postgrest,
    /// Follows no redirect: the key would go along.
    #[cfg(not(target_arch = "wasm32"))]
    sender: reqwest::Client,
    timeout: Duration,
}

impl PostgrestRpc {
    /// `url` is the project's, without `/rest/v1`; `key` is a secret key (`sb_secret_…`) or a legacy service_role key.
    ///
    /// # Errors
    /// `invalid_input` with the field `url` or `key`.
    pub fn new(url: &str, key: &str) -> Result<Self, QueueError> {
        let target = Target::check(url, key)?;
        let mut client = Postgrest::new(target.url).schema(Target::SCHEMA);
        for (name, value) in target.headers {
            client = client.insert_header(name, value);
        }
        Ok(Self {
            client,
            #[cfg(not(target_arch = "wasm32"))]
            sender: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .map_err(|_| QueueError::new(ErrorCode::Unexpected, "TLS could not be set up"))?,
            timeout: TIMEOUT,
        })
    }

    /// Another limit for a call than ten seconds.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Another header with each call, of printable characters.
    pub fn with_header(self, name: &'static str, value: &str) -> Self {
        let client = self.client.insert_header(name, value);
        Self { client, ..self }
    }
}

impl Rpc for PostgrestRpc {
    async fn call(&self, function: &str, arguments: &str) -> Result<String, QueueError> {
        answer(function, self.timeout, self.send(function, arguments).await)
    }
}

type Came = Result<Result<(u16, Vec<u8>), String>, Expired>;

impl PostgrestRpc {
    /// `postgrest` says what is sent. Its client would write each header of the answer as JSON and read it again, and holds an answer until the
    /// collector comes: so `fetch` sends it.
    #[cfg(target_arch = "wasm32")]
    async fn send(&self, function: &str, arguments: &str) -> Came {
        let request = match self.client.rpc(function, arguments).build().build() {
            Ok(request) => request,
            Err(error) => return Ok(Err(TextError::from(error).0)),
        };
        let headers = request.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        super::fetch::rpc(
            request.url().as_str(),
            headers,
            arguments,
            MAX_ANSWER as u32,
            self.timeout,
        )
        .await
    }

    #[cfg(not(target_arch = "wasm32"))]
    async fn send(&self, function: &str, arguments: &str) -> Came {
        // The type of the client's error has no name here; its text must not show the address.
        let request = self.request(function, arguments);
        within(self.timeout, request.map_err(|error: TextError| error.0)).await
    }

    #[cfg(not(target_arch = "wasm32"))]
    async fn request(&self, function: &str, arguments: &str) -> Result<(u16, Vec<u8>), TextError> {
        let request = self.client.rpc(function, arguments).build().build()?;
        let mut response = self.sender.execute(request).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err(TextError(TOO_LARGE.to_owned()));
            }
        }
        Ok((response.status().as_u16(), body))
    }
}

struct TextError(String);

impl<E: std::error::Error> From<E> for TextError {
    fn from(error: E) -> Self {
        // The innermost cause says what happened; the outer ones say where.
        let mut innermost: &dyn std::error::Error = &error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        // In a module it is JavaScript's error with its stack, of which the first line says enough.
        let text = innermost.to_string();
        let line = text.lines().next().unwrap_or_default();
        let line = line.strip_prefix("JsValue(").unwrap_or(line);
        Self(line.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An API that gives these answers, one after the other; what it was asked comes back.
    fn serving(answers: Vec<Vec<u8>>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        use std::io::{BufRead, BufReader, Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serve = move |answer: Vec<u8>| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                reader.read_line(&mut head).unwrap();
            }
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap();
            let length = length.lines().next().unwrap().parse().unwrap();
            reader.read_exact(&mut vec![0; length]).unwrap();
            // Who asked may have heard enough.
            let _ = stream.write_all(&answer);
            head
        };
        let thread = std::thread::spawn(|| answers.into_iter().map(serve).collect());
        (url, thread)
    }

    async fn call(url: &str) -> Result<String, QueueError> {
        let rpc = PostgrestRpc::new(url, "sb_secret_x").unwrap();
        rpc.call("email_queue_stats", "{}").await
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed_and_calls_are_for_the_schema_public() {
        let (elsewhere, listener) = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            (listener.local_addr().unwrap(), listener)
        };
        let redirect = format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let (url, thread) = serving(vec![redirect.into_bytes()]);
        let error = call(&url).await.unwrap_err();
        assert_eq!(
            (error.code, error.field.as_deref()),
            (ErrorCode::InvalidInput, Some("url")),
            "{error}"
        );
        assert!(listener.accept().is_err(), "the key went elsewhere");
        let asked = thread.join().unwrap().remove(0);
        assert!(asked.contains("content-profile: public\r\n"), "{asked}");
    }

    #[tokio::test]
    async fn no_more_is_read_of_an_answer_than_a_claim_can_hold() {
        let mut endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        endless.resize(MAX_ANSWER + 200_000, b'x');
        let (url, thread) = serving(vec![endless]);
        let error = call(&url).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Unexpected);
        assert!(error.message.contains("larger than 64 MiB"), "{error}");
        thread.join().unwrap();
    }
}
