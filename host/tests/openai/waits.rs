//! How long a call waits for what.

use std::time::{Duration, Instant};

use canvalo::capability::llm::LanguageModel;
use canvalo::capability::llm::openai::OpenAi;
use futures::StreamExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::server::{Answer, DONE, Server, Step, finish, text};
use crate::support::{ask, kind, model, options, question, retrying};

const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(60);

fn impatient(server: &Server, first_event: Duration, between_events: Duration) -> OpenAi {
    let mut options = options(&server.url);
    options.timeouts.first_event = first_event;
    options.timeouts.between_events = between_events;
    OpenAi::new(options).unwrap()
}

#[tokio::test]
async fn silence_before_the_first_event_fails_the_attempt_and_the_next_one_is_made() {
    let comments = (0..100).flat_map(|_| [Step::Send(": ping\n\n".into()), Step::Pause(SHORT / 10)]);
    for silent in [
        Answer::silent(),
        Answer::steps(vec![Step::Wait]),
        Answer::text("late").after(LONG),
        Answer::steps(comments.collect()),
    ] {
        let server = Server::start(vec![silent, Answer::text("ok")]).await;
        let began = Instant::now();
        assert_eq!(ask(&retrying(impatient(&server, SHORT, LONG)), question()).await.0, "ok");
        assert!(began.elapsed() >= SHORT && began.elapsed() < LONG / 6);
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn an_error_whose_body_never_ends_is_given_up() {
    let mut server = Server::start(vec![Answer::error(500, "x", "y"), Answer::silent()]).await;
    let (_, end) = ask(&impatient(&server, SHORT, LONG), question()).await;
    assert_eq!(kind(&end.unwrap_err()), "unavailable");
    let endless = Answer::body(500, "application/json", "{\"error\":").then(Step::Wait);
    server = Server::start(vec![endless]).await;
    let began = Instant::now();
    let (_, end) = ask(&impatient(&server, SHORT, LONG), question()).await;
    assert_eq!(kind(&end.unwrap_err()), "unavailable");
    assert!(began.elapsed() < LONG / 6);
}

#[tokio::test]
async fn silence_within_an_answer_ends_it() {
    let steps = vec![Step::Send(text("You have").into()), Step::Wait];
    let server = Server::start(vec![Answer::steps(steps)]).await;
    let (said, end) = ask(&retrying(impatient(&server, LONG, SHORT)), question()).await;
    assert_eq!((said.as_str(), kind(&end.unwrap_err()), server.requests().len()), ("You have", "unavailable", 1));
}

#[tokio::test]
async fn an_answer_that_is_slow_but_never_silent_for_too_long_arrives_whole() {
    let words = ["a", "b", "c", "d", "e"];
    let steps = words.iter().flat_map(|word| [Step::Pause(SHORT / 2), Step::Send(text(word).into())]);
    let ends = [finish("stop"), DONE.into()].map(|end| Step::Send(end.into()));
    let server = Server::start(vec![Answer::steps(steps.chain(ends).collect()).after(SHORT / 2)]).await;
    let (said, end) = ask(&impatient(&server, SHORT * 2, SHORT * 2), question()).await;
    assert_eq!((said.as_str(), end.is_ok()), ("abcde", true));
}

#[tokio::test]
async fn the_end_of_a_whole_answer_is_waited_for_once() {
    let drip = (0..100).flat_map(|_| [Step::Pause(SHORT / 4), Step::Send(text("").into())]);
    let steps = [Step::Send(text("ok").into()), Step::Send(finish("stop").into())].into_iter().chain(drip);
    let server = Server::start(vec![Answer::steps(steps.collect())]).await;
    let began = Instant::now();
    let (said, end) = ask(&impatient(&server, LONG, LONG), question()).await;
    assert_eq!((said.as_str(), end.is_ok()), ("ok", true));
    assert!(began.elapsed() < LONG / 6);
}

#[tokio::test]
async fn a_connection_that_is_not_accepted_is_given_up() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody accepts: once the queue is full, the kernel leaves further ones without an answer.
    let mut queue = Vec::new();
    while let Ok(connected) = timeout(SHORT, TcpStream::connect(address)).await {
        queue.push(connected.unwrap());
        assert!(queue.len() < 64, "the queue never fills");
    }
    let mut options = options(&format!("http://{address}/v1"));
    options.timeouts.connect = SHORT;
    options.timeouts.first_event = LONG;
    let began = Instant::now();
    let (_, end) = ask(&OpenAi::new(options).unwrap(), question()).await;
    let error = end.unwrap_err();
    // Of two deadlines the first one tells: "tcp connect error" or "client error (Connect)".
    assert!(kind(&error) == "unavailable" && error.to_string().to_lowercase().contains("connect"), "{error}");
    assert!(began.elapsed() < LONG / 6);
}

#[tokio::test]
async fn dropping_the_stream_or_the_call_closes_the_connection() {
    let steps = vec![Step::Send(text("You").into()), Step::Wait];
    let mut server = Server::start(vec![Answer::steps(steps)]).await;
    let mut stream = model(&server.url).stream(question()).await.unwrap();
    assert!(stream.next().await.is_some());
    drop(stream);
    timeout(Duration::from_secs(5), server.client_closed()).await.expect("the connection is closed");

    let mut server = Server::start(vec![Answer::silent()]).await;
    let model = retrying(model(&server.url));
    assert!(timeout(SHORT, model.stream(question())).await.is_err());
    timeout(Duration::from_secs(5), server.client_closed()).await.expect("the connection is closed");
    assert_eq!(server.requests().len(), 1);
}
