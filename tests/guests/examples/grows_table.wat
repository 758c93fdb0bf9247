;; Grows its table until there is no more. Rust has no words for it.
(module
  (memory (export "memory") 1)
  (table $table 1 funcref)
  ;; What the host hands over is never looked at, so it may lie anywhere.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "canvalo:agent/agent@0.1.0#run")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (loop $more
      (br_if $more (i32.ne (table.grow $table (ref.null func) (i32.const 1000)) (i32.const -1))))
    ;; Zeros: `answered`, with nothing to say.
    (i32.const 8)))
