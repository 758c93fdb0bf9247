//! How long a call waits for what.

use std::time::{Duration, Instant};

use canvalo::capability::llm::LanguageModel;
use canvalo::capability::llm::bedrock::{Bedrock, BedrockOptions};
use futures::StreamExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::server::{Answer, BedrockServer, Step, start, text};
use crate::support::{ask, config, kind, model, options, question, retrying};

const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(60);

fn impatient(server: &BedrockServer, first_event: Duration, between_events: Duration) -> Bedrock {
    let mut options = options(server);
    options.timeouts.first_event = first_event;
    options.timeouts.between_events = between_events;
    Bedrock::with_config(&config(), options)
}

#[tokio::test]
async fn silence_before_the_first_event_fails_the_attempt_and_the_next_one_is_made() {
    for silent in [Answer::silent(), Answer::steps(vec![Step::Wait]), Answer::text("late").after(LONG)] {
        let server = BedrockServer::start(vec![silent, Answer::text("ok")]).await;
        let began = Instant::now();
        assert_eq!(ask(&retrying(impatient(&server, SHORT, LONG)), question()).await.0, "ok");
        assert!(began.elapsed() >= SHORT && began.elapsed() < LONG / 6);
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn silence_within_an_answer_ends_it() {
    let steps = vec![Step::Send(start()), Step::Send(text(0, "You have")), Step::Wait];
    let server = BedrockServer::start(vec![Answer::steps(steps)]).await;
    let (said, end) = ask(&retrying(impatient(&server, LONG, SHORT)), question()).await;
    assert_eq!((said.as_str(), kind(&end.unwrap_err()), server.requests().len()), ("You have", "unavailable", 1));
}

#[tokio::test]
async fn a_stall_after_an_event_that_shows_nothing_is_tried_again() {
    let stalled = Answer::steps(vec![Step::Send(start()), Step::Wait]);
    let server = BedrockServer::start(vec![stalled, Answer::text("ok")]).await;
    assert_eq!(ask(&retrying(impatient(&server, LONG, SHORT)), question()).await.0, "ok");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_answer_that_is_slow_but_never_silent_for_too_long_arrives_whole() {
    let words = ["a", "b", "c", "d", "e"];
    let steps = words.iter().flat_map(|word| [Step::Pause(SHORT / 2), Step::Send(text(0, word))]);
    let ends = [crate::server::block_stop(0), crate::server::stop("end_turn"), crate::server::usage()];
    let slow = Answer::steps(steps.chain(ends.map(Step::Send)).collect()).after(SHORT / 2);
    let server = BedrockServer::start(vec![slow]).await;
    let (said, end) = ask(&impatient(&server, SHORT * 2, SHORT * 2), question()).await;
    assert_eq!((said.as_str(), end.is_ok()), ("abcde", true));
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
    let mut options = BedrockOptions { endpoint_url: Some(format!("http://{address}")), ..BedrockOptions::new("m") };
    options.timeouts.connect = SHORT;
    let began = Instant::now();
    let (_, end) = ask(&Bedrock::with_config(&config(), options), question()).await;
    let error = end.unwrap_err();
    assert!(kind(&error) == "unavailable" && error.to_string().contains("connect"), "{error}");
    assert!(began.elapsed() < LONG / 6);
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    let steps = vec![Step::Send(start()), Step::Send(text(0, "You")), Step::Wait];
    let mut server = BedrockServer::start(vec![Answer::steps(steps)]).await;
    let mut stream = model(&server).stream(question()).await.unwrap();
    assert!(stream.next().await.is_some());
    drop(stream);
    timeout(Duration::from_secs(5), server.client_closed()).await.expect("the connection is closed");
}

#[tokio::test]
async fn dropping_a_call_before_its_answer_closes_the_connection() {
    let mut server = BedrockServer::start(vec![Answer::silent()]).await;
    let model = retrying(model(&server));
    assert!(timeout(SHORT, model.stream(question())).await.is_err());
    timeout(Duration::from_secs(5), server.client_closed()).await.expect("the connection is closed");
    assert_eq!(server.requests().len(), 1);
}
