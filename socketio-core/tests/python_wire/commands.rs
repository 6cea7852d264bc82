use socketio_core::adapter::wire::{Callback, CallbackKey, Message};

use crate::captured::captured;
use crate::emits::raw;

captured! {
    callback_args_none: an_empty_ack_has_no_arguments => |_| callback("");
    callback_args_one: an_ack_has_one_argument => |_| callback(r#""ok""#);
    callback_args_many: an_ack_has_several_arguments => |_| callback(r#""ok", 123, {"x": [1]}"#);
    callback_args_null: an_ack_of_null_has_an_argument => |_| callback("null");
    disconnect: a_client_is_disconnected => |_| disconnect("/");
    disconnect_namespace: a_client_is_disconnected_from_one_namespace => |_| disconnect("/chat");
    enter_room: a_client_enters_a_room => |_| enter_room();
    leave_room: a_client_leaves_a_room => |_| Message::LeaveRoom {
        namespace: "/chat".into(),
        sid: "remoteSid0000000001".into(),
        room: "room1".into(),
    };
    close_room: a_room_is_closed => |_| close_room("/");
    close_room_namespace: a_room_of_one_namespace_is_closed => |_| close_room("/chat");
    writeonly_can_disconnect: a_write_only_manager_disconnects_by_asking_whether_it_can => |_| disconnect("/");
    writeonly_enter_room: a_write_only_manager_puts_clients_into_rooms => |_| enter_room();
    writeonly_close_room: a_write_only_manager_closes_rooms => |_| close_room("/");
}

fn callback(json: &str) -> Message {
    Message::Callback(Callback {
        host: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".into(),
        key: CallbackKey { sid: "remoteSid0000000001".into(), namespace: "/".into(), id: 1 },
        args: raw(json, &[]),
    })
}

fn disconnect(namespace: &str) -> Message {
    Message::Disconnect { namespace: namespace.into(), sid: "remoteSid0000000001".into() }
}

fn enter_room() -> Message {
    Message::EnterRoom { namespace: "/".into(), sid: "remoteSid0000000001".into(), room: "room1".into() }
}

fn close_room(namespace: &str) -> Message {
    Message::CloseRoom { namespace: namespace.into(), room: "room1".into() }
}
