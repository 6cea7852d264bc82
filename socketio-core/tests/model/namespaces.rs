//! A client's namespaces as the specification has them: where it is, what the handlers hear of it, and what it is told, in order.
//!
//! ```text
//! never asked ──CONNECT──> in ──DISCONNECT, or sent out──> left ──CONNECT──> in again, as somebody new
//! ```
//!
//! Packets for a namespace that it has left are dropped; for one that it never asked for, they break the protocol.

use socketio_core::DisconnectReason;

use crate::words::Packet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Root,
    Chat,
    News,
    /// There is none of that name.
    Nowhere,
}

impl Name {
    pub(crate) const ALL: [Name; 3] = [Name::Root, Name::Chat, Name::News];

    pub(crate) fn path(self) -> &'static str {
        match self {
            Name::Root => "/",
            Name::Chat => "/chat",
            Name::News => "/chat/news",
            Name::Nowhere => "/nowhere",
        }
    }
}

/// What the server says to a client in a namespace.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Joined(Name),
    Refused(Name),
    /// It was sent out.
    Left(Name),
    Down(Name, u32),
    Answer(Name, u8),
}

#[derive(Clone, Debug)]
pub(crate) struct Namespaces {
    /// Those that were asked for, in that order, and whether the client is in.
    asked: Vec<(Name, bool)>,
    /// Numbers that the handlers have been given.
    pub(crate) heard: Vec<(Name, u8)>,
    pub(crate) told: Vec<Told>,
    /// What the disconnect handlers were given: one of these reasons each.
    pub(crate) ends: Vec<(Name, Vec<DisconnectReason>)>,
    /// Packets for namespaces that the client had left.
    pub(crate) dropped: u64,
    /// An event whose attachment is still to come.
    half: Option<(Name, u8)>,
    /// Attachments follow their event; else they are inside of it.
    attachments_follow: bool,
}

/// The packet breaks the protocol.
#[derive(Clone, Debug)]
pub(crate) struct Breach;

impl Namespaces {
    /// The client is in the first one, and knows it.
    pub(crate) fn new(attachments_follow: bool) -> Self {
        Namespaces {
            asked: vec![(Name::Root, true)],
            heard: Vec::new(),
            told: Vec::new(),
            ends: Vec::new(),
            dropped: 0,
            half: None,
            attachments_follow,
        }
    }

    pub(crate) fn is_in(&self, name: Name) -> bool {
        self.asked.contains(&(name, true))
    }

    pub(crate) fn is_in_any(&self) -> bool {
        self.asked.iter().any(|&(_, is_in)| is_in)
    }

    pub(crate) fn hear(&mut self, packet: &Packet) -> Result<(), Breach> {
        match (packet, self.half) {
            (Packet::Bytes, Some((name, number))) => {
                self.half = None;
                self.event(name, number, false)
            }
            (Packet::Bytes, None) | (_, Some(_)) | (Packet::Wrong, None) => Err(Breach),
            (Packet::Join(Name::Nowhere), None) => {
                self.told.push(Told::Refused(Name::Nowhere));
                Ok(())
            }
            (&Packet::Join(name), None) => self.join(name),
            (&Packet::Leave(name), None) => {
                let (_, is_in) = self.place(name)?;
                if std::mem::take(is_in) {
                    self.ends.push((name, vec![DisconnectReason::ClientNamespaceDisconnect]));
                }
                Ok(())
            }
            (&Packet::UpWith(name, number), None) if self.attachments_follow => {
                self.place(name)?;
                self.half = Some((name, number));
                Ok(())
            }
            (&Packet::Up(name, number) | &Packet::UpWith(name, number), None) => {
                self.event(name, number, false)
            }
            (&Packet::Ask(name, number), None) => self.event(name, number, true),
        }
    }

    /// The server sends it out of one,
    pub(crate) fn send_out(&mut self, name: Name) {
        if let Ok((_, is_in @ true)) = self.place(name) {
            *is_in = false;
            self.told.push(Told::Left(name));
            self.ends.push((name, vec![DisconnectReason::ServerNamespaceDisconnect]));
        }
    }

    /// or out of all, one after the other.
    pub(crate) fn send_out_of_all(&mut self) {
        for name in self.asked.iter().map(|&(name, _)| name).collect::<Vec<_>>() {
            self.send_out(name);
        }
    }

    pub(crate) fn emit(&mut self, name: Name, number: u32) {
        if self.is_in(name) {
            self.told.push(Told::Down(name, number));
        }
    }

    /// The connection has ended, and with it whatever it was in.
    pub(crate) fn end(&mut self, reasons: &[DisconnectReason]) {
        for (name, is_in) in &mut self.asked {
            if std::mem::take(is_in) {
                self.ends.push((*name, reasons.to_vec()));
            }
        }
    }

    fn join(&mut self, name: Name) -> Result<(), Breach> {
        match self.place(name) {
            Ok((_, true)) => return Err(Breach),
            Ok((_, is_in)) => *is_in = true,
            Err(Breach) => self.asked.push((name, true)),
        }
        self.told.push(Told::Joined(name));
        Ok(())
    }

    fn event(&mut self, name: Name, number: u8, asks: bool) -> Result<(), Breach> {
        if !self.place(name)?.1 {
            self.dropped += 1;
            return Ok(());
        }
        self.heard.push((name, number));
        if asks {
            self.told.push(Told::Answer(name, number));
        }
        Ok(())
    }

    fn place(&mut self, name: Name) -> Result<&mut (Name, bool), Breach> {
        self.asked.iter_mut().find(|(asked, _)| *asked == name).ok_or(Breach)
    }
}
