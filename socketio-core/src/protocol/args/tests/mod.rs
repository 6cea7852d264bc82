mod binary; // bytes, both ways
mod decoding; // arguments to types
mod depth; // nesting
mod encoding; // values to arguments
mod events; // names and raw arguments
mod placeholders; // what is refused
mod properties; // for all values

use bytes::Bytes;

use super::*;

/// The payload of an event called `e`, with the attachments.
fn emitted(args: &(impl IntoArgs + ?Sized)) -> (String, Vec<Bytes>) {
    let mut out = Vec::new();
    let mut writer = ArgsWriter::event(&mut out, "e");
    args.write_args(&mut writer).unwrap();
    let attachments = writer.finish();
    (String::from_utf8(out).unwrap(), attachments)
}

fn ack(json: &str) -> ArgsRef<'_> {
    ArgsRef::parse(json, &[]).unwrap()
}
