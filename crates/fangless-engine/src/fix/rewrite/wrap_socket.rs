//! `ssl.wrap_socket` checks no name: the default context does, and must be told which. Only for connections that are
//! made to a host that can be seen.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{Call, Shape, Source, constant_of, display_elements, shape, without_parentheses};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let socket = call.keyword(source, "sock").or_else(|| call.positional(0))?;
    let authorities = call.keyword(source, "ca_certs");
    for argument in &call.arguments {
        let is_known = argument.node.id() == socket.node.id()
            || authorities.is_some_and(|known| known.node.id() == argument.node.id())
            || matches!(source.text_of(argument.node), "server_side=False");
        if !is_known {
            return None;
        }
    }
    let host = source.text_of(host_of(source, socket.value)?);
    let context = draft.reference("ssl.create_default_context")?;
    let authorities =
        authorities.map_or(String::new(), |argument| format!("cafile={}", source.text_of(argument.value)));
    let socket = source.text_of(socket.value);
    draft.rewrite_node(
        call.node,
        format!("{context}({authorities}).wrap_socket({socket}, server_hostname={host})"),
    );
    Some(())
}

/// The host of `socket.create_connection((host, port))`, here or in the variable's only assignment.
fn host_of<'t>(source: &'t Source<'_>, socket: Node<'t>) -> Option<Node<'t>> {
    let socket = without_parentheses(socket);
    if shape(socket) == Shape::Name {
        let made = constant_of(source, socket)?;
        return (shape(made) == Shape::Call).then(|| host_of(source, made))?;
    }
    let call = Call::of(socket).filter(|call| call.method(source) == "create_connection")?;
    let address = call.keyword(source, "address").or_else(|| call.positional(0))?;
    let host = *display_elements(address.value)?.first()?;
    matches!(shape(host), Shape::Name | Shape::Attribute | Shape::Text).then_some(host)
}
