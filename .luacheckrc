-- Scenarios and adapters are plain Lua 5.4; the binding is the only thing they get by `require`.
std = "lua54"
max_line_length = 120
