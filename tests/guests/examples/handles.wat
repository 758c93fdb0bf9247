;; Makes 2,000 handles of a resource of its own and drops none.
(module
  (import "[export]canvalo:guests/handles" "[resource-new]handle" (func $new (param i32) (result i32)))
  (memory (export "memory") 1)
  ;; What the host hands over is never looked at, so it may lie anywhere.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "canvalo:agent/agent@0.1.0#run")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (local $made i32)
    (loop $more
      (drop (call $new (i32.const 0)))
      (local.set $made (i32.add (local.get $made) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $made) (i32.const 2000))))
    ;; Zeros: `answered`, with nothing to say.
    (i32.const 8)))
