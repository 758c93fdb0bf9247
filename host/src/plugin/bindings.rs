//! What the WIT package generates. Private to the plugin runtime: everything else speaks the host's own types.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "agent-plugin",
    imports: {
        "canvalo:agent/clock": trappable,
        "canvalo:agent/log": trappable,
        default: async | trappable,
    },
    exports: { default: async },
});
