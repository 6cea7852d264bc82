//! The packets of the contract, told apart by their first bytes; their JSON is never looked at.

/// What a packet asks for.
pub(crate) enum Packet<'a> {
    /// The namespace `/`.
    Connect,
    /// To be sent back as it is; its attachment, if it has one, follows.
    Echo,
    /// To be sent to the room as it is.
    Fan,
    /// The arguments, with the bracket that closes them.
    EchoAck {
        id: &'a [u8],
        data: &'a [u8],
    },
    Join {
        id: &'a [u8],
    },
    Other,
}

pub(crate) fn packet(bytes: &[u8]) -> Packet<'_> {
    if bytes.starts_with(br#"42["echo","#) || bytes.starts_with(br#"451-["echo","#) {
        return Packet::Echo;
    }
    if bytes.starts_with(br#"42["fan","#) {
        return Packet::Fan;
    }
    if bytes == b"40" {
        return Packet::Connect;
    }
    let Some(rest) = bytes.strip_prefix(b"42") else { return Packet::Other };
    let (id, event) = rest.split_at(rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    match event.strip_prefix(br#"["echo_ack","#) {
        Some(data) => Packet::EchoAck { id, data },
        None if event == br#"["join"]"# => Packet::Join { id },
        None => Packet::Other,
    }
}

/// The answer to the event with this id: `43`, id, `[` and `data`, which ends with the bracket that closes it.
pub(crate) fn ack(id: &[u8], data: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"43");
    out.extend_from_slice(id);
    out.push(b'[');
    out.extend_from_slice(data);
}

/// The handshake of Engine.IO.
pub(crate) fn opened(session: usize) -> Vec<u8> {
    format!(r#"0{{"sid":"{session:020}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":60000}}"#)
        .into_bytes()
}

/// The namespace has let it in.
pub(crate) fn connected(session: usize) -> Vec<u8> {
    format!(r#"40{{"sid":"n{session:019}"}}"#).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_told_apart_by_their_first_bytes() {
        assert!(matches!(packet(b"40"), Packet::Connect));
        assert!(matches!(packet(br#"42["echo",{}]"#), Packet::Echo));
        assert!(matches!(packet(br#"451-["echo",{"_placeholder":true,"num":0}]"#), Packet::Echo));
        assert!(matches!(packet(br#"42["fan",1]"#), Packet::Fan));
        assert!(matches!(packet(br#"4212["echo_ack",1]"#), Packet::EchoAck { id: b"12", data: b"1]" }));
        assert!(matches!(packet(br#"420["join"]"#), Packet::Join { id: b"0" }));
        assert!(matches!(packet(b"3"), Packet::Other));
    }
}
