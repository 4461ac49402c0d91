//! The database's functions over PostgREST. The only file that names the crates `postgrest` and `reqwest`, its client.

use super::timer::within;
use crate::base::{ErrorCode, QueueError};
use crate::protocol::Rpc;
use futures_util::TryFutureExt;
use postgrest::Postgrest;
use refusal::refusal;
use std::time::Duration;

mod refusal;

/// Longer than the eight seconds after which Supabase cancels a statement.
const TIMEOUT: Duration = Duration::from_secs(10);
/// More than a claim can hold: 8 MiB, and one message of the largest size. Also in `src/js/fetch.js`.
#[cfg(not(target_arch = "wasm32"))]
const MAX_ANSWER: usize = 64 * 1024 * 1024;
const TOO_LARGE: &str = "is larger than 64 MiB";

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
        let url = url.trim().trim_end_matches('/');
        let host = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))
            .unwrap_or_default();
        QueueError::unless(!url.is_empty(), "url", "is missing")?;
        let fits = !host.is_empty()
            && !host.ends_with("/rest/v1")
            && !host.contains(['?', '#', '@', '\\'])
            && !host.chars().any(|c| c.is_whitespace() || c.is_control());
        QueueError::unless(fits, "url", "must be like https://<reference>.supabase.co")?;
        QueueError::unless(!key.is_empty(), "key", "is missing")?;
        // What is no legal header value would make the client panic.
        let fits = key.chars().all(|c| c.is_ascii_graphic()) && !key.starts_with("sb_publishable_");
        QueueError::unless(fits, "key", "must be a secret key of the project")?;
        // Without the schema, PostgREST takes the first one that the project exposes.
        let mut client = Postgrest::new(format!("{url}/rest/v1"))
            .schema("public")
            .insert_header("apikey", key);
        if key.starts_with("eyJ") {
            client = client.insert_header("Authorization", format!("Bearer {key}"));
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
}

impl Rpc for PostgrestRpc {
    async fn call(&self, function: &str, arguments: &str) -> Result<String, QueueError> {
        let request = self.send(function, arguments);
        // The type of the client's error has no name here; its text must not show the address.
        let request = request.map_err(|error: TextError| error.0);
        match within(self.timeout, request).await {
            Ok(Ok((200..=299, body))) => String::from_utf8(body).map_err(|_| {
                QueueError::new(
                    ErrorCode::Unexpected,
                    format!("the answer of {function} is not UTF-8"),
                )
            }),
            Ok(Ok((status, body))) => {
                Err(refusal(function, status, &String::from_utf8_lossy(&body)))
            }
            Ok(Err(cause)) if cause.contains(TOO_LARGE) => Err(QueueError::new(
                ErrorCode::Unexpected,
                format!("the answer of {function} {TOO_LARGE}: ask for fewer messages"),
            )),
            Ok(Err(cause)) => Err(QueueError::new(
                ErrorCode::Unreachable,
                "no connection to the project's API: check its URL and the network",
            )
            .because(&cause)),
            Err(_) => Err(QueueError::new(
                ErrorCode::Timeout,
                format!(
                    "{function} did not answer within {} s; it may have been carried out: repeat it, an enqueue only with a dedup key",
                    self.timeout.as_secs_f64()
                ),
            )),
        }
    }
}

impl PostgrestRpc {
    /// In a module, `src/js/fetch.js` sees to it that no redirect is followed and that an answer is bounded.
    #[cfg(target_arch = "wasm32")]
    async fn send(&self, function: &str, arguments: &str) -> Result<(u16, Vec<u8>), TextError> {
        let response = self.client.rpc(function, arguments).execute().await?;
        let status = response.status().as_u16();
        // Not `text`: that would make a string of JavaScript first, and copy it letter by letter.
        Ok((status, response.bytes().await?.into()))
    }

    #[cfg(not(target_arch = "wasm32"))]
    async fn send(&self, function: &str, arguments: &str) -> Result<(u16, Vec<u8>), TextError> {
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

    #[test]
    fn wrong_configuration_is_named() {
        for (url, key, field) in [
            ("", "sb_secret_x", "url"),
            ("ftp://x", "sb_secret_x", "url"),
            ("https://", "sb_secret_x", "url"),
            ("https://a b", "sb_secret_x", "url"),
            ("https://x.supabase.co/rest/v1/", "sb_secret_x", "url"),
            ("https://x.supabase.co?y", "sb_secret_x", "url"),
            ("https://x.supabase.co/#y", "sb_secret_x", "url"),
            ("https://user:word@x.supabase.co", "sb_secret_x", "url"),
            ("https://x.supabase.co", "", "key"),
            ("https://x.supabase.co", "a\nb", "key"),
            ("https://x.supabase.co", "schlüssel", "key"),
            ("https://x.supabase.co", "sb_publishable_x", "key"),
        ] {
            let error = PostgrestRpc::new(url, key).err().unwrap();
            assert_eq!(
                (error.code, error.field.as_deref()),
                (ErrorCode::InvalidInput, Some(field)),
                "{url} {key}"
            );
        }
        assert!(PostgrestRpc::new("https://x.supabase.co/", "eyJhbGciOi").is_ok());
    }

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
