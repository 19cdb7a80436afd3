//! A client of MQTT 5 by rust-mqtt.

use alloc::string::String;

use embassy_net::Stack;
use rust_mqtt::buffer::AllocBuffer;
use rust_mqtt::client::Client;
use rust_mqtt::client::event::Event;
use rust_mqtt::client::options::{
    ConnectOptions, DisconnectOptions, PublicationOptions, SubscriptionOptions, TopicReference,
};
use rust_mqtt::types::{MqttString, TopicFilter, TopicName};

use super::{Outcome, Socket, encrypted, text};
use crate::order::Order;
use crate::semihosting::say;

/// One subscription, one message at a time in each direction, no aliases.
type Broker<'a> = Client<'a, 'a, Socket, AllocBuffer, 1, 1, 1, 0, 0, 0, 0>;

/// Connects to a broker, talks to it, and leaves.
pub(crate) async fn mqtt(stack: Stack<'static>, order: &Order) -> Outcome {
    let socket = encrypted(stack, order).await?;
    let mut buffer = AllocBuffer;
    let mut broker = Broker::new(&mut buffer);
    let mut socket = match talk(&mut broker, socket).await {
        Ok(()) => broker.disconnect(&DisconnectOptions::new()).await,
        Err(why) => {
            // The error of MQTT has no more than a kind: the connection knows why.
            let socket = broker.abort().await.map_err(debug)?;
            let failure = socket.connection().failure().map(text);
            return Err(alloc::format!("{why}: {failure:?}"));
        }
    }
    .map_err(debug)?;
    say!("left in order");
    socket.close().await.map_err(text)
}

/// Subscribes to a topic, publishes there with an acknowledgment, and waits for both it and the message.
async fn talk(broker: &mut Broker<'_>, socket: Socket) -> Outcome {
    let name = MqttString::try_from("thermometer").map_err(debug)?;
    let options = ConnectOptions::new().clean_start();
    let connected = broker.connect(socket, &options, Some(name)).await;
    connected.map_err(debug)?;
    let topic = || MqttString::try_from("temperature").map_err(debug);
    let filter = TopicFilter::new(topic()?).ok_or("no filter")?;
    let options = SubscriptionOptions::new().at_least_once();
    let subscribed = broker.subscribe(filter, &options).await;
    subscribed.map_err(debug)?;
    let topic = TopicName::new(topic()?).ok_or("no topic")?;
    let options = PublicationOptions::new(TopicReference::Name(topic)).at_least_once();
    let (mut is_acknowledged, mut is_heard) = (false, false);
    while !(is_acknowledged && is_heard) {
        match broker.poll().await.map_err(debug)? {
            Event::Suback(_) => {
                let message = "21 degrees".as_bytes().into();
                broker.publish(&options, message).await.map_err(debug)?;
            }
            Event::PublishAcknowledged(_) => is_acknowledged = true,
            Event::Publish(publication) => {
                say!("heard {:?}", core::str::from_utf8(&publication.message));
                is_heard = true;
            }
            other => return Err(debug(other)),
        }
    }
    Ok(())
}

/// What has no sentence.
fn debug(what: impl core::fmt::Debug) -> String {
    alloc::format!("{what:?}")
}
