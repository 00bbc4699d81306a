# The first-call stub. See stub.rs for the register use, layout.rs for the shared memory.
# Everything is addressed relative to rip, and nothing here is ever written to.

.pushsection .text.cranefly_stub, "ax", @progbits
.balign 16
.globl cranefly_stub_start, cranefly_stub_end, cranefly_stub_entry, cranefly_stub_attach, cranefly_stub_fail
.globl cranefly_stub_slots, cranefly_stub_data, cranefly_stub_framed, cranefly_stub_restore
.hidden cranefly_stub_start, cranefly_stub_end, cranefly_stub_entry, cranefly_stub_attach, cranefly_stub_fail
.hidden cranefly_stub_slots, cranefly_stub_data, cranefly_stub_framed, cranefly_stub_restore

cranefly_stub_start:
cranefly_stub_slots:
    .quad 0
cranefly_stub_data:
    .quad 0

# Ahead-of-time mapping: an ordinary function. With rbx = 0 the common code returns after it.
cranefly_stub_attach:
    push 0                              # in place of what a slot pushes
    jmp cranefly_stub_entry

# Called by an uncompiled slot.
cranefly_stub_entry:
    pushfq
    push rax
    push rcx
    push rdx
    push rsi
    push rdi
    push r8
    push r9
    push r10
    push r11
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov rbp, rsp
cranefly_stub_framed:
    sub rsp, 96
    mov rbx, [rbp + 128]
    lea r14, [rip + cranefly_stub_data]
    add r14, [r14]
    xor r15d, r15d
    mov qword ptr [rbp - 64], 0
    mov dword ptr [rbp - 88], 0
    mov r12, [r14]
    test r12, r12
    jnz 20f

# Map the control file.
15: mov eax, 257                        # openat
    mov edi, -100                       # AT_FDCWD
    lea rsi, [r14 + {PATH}]
    mov edx, 0x80002                    # O_RDWR | O_CLOEXEC
    xor r10d, r10d
    syscall
    cmp rax, -4                         # EINTR
    je 15b
    test rax, rax
    js 90f
    mov r13, rax
    mov eax, 9                          # mmap
    xor edi, edi
    mov esi, {LAYOUT}
    mov edx, 3                          # PROT_READ | PROT_WRITE
    mov r10d, 1                         # MAP_SHARED
    mov r8, r13
    xor r9d, r9d
    syscall
    mov r12, rax
    mov eax, 3                          # close
    mov rdi, r13
    syscall
    cmp r12, -4096
    ja 90f
    movabs rax, {MAGIC}
    cmp [r12], rax
    jne 90f
    xor eax, eax
    lock cmpxchg [r14], r12
    je 20f
    mov rdi, r12                        # another thread was first: use its mapping
    mov r12, rax
    mov eax, 11                         # munmap
    mov esi, {LAYOUT}
    syscall

20: test rbx, rbx
    jz 80f                              # attach: done
    sub rbx, 5
    lea rax, [rip + cranefly_stub_slots]
    add rax, [rax]
    mov r13, rbx
    sub r13, rax
    shr r13, {SLOT_SHIFT}
    inc r13d

# Make a request: the slot's index + 1 into an empty cell.
30: mov eax, 1
    lock xadd [r12 + {HINT}], eax
    mov ecx, {RING}
31: and eax, {RING_MASK}
    mov esi, eax
    lea rdx, [r12 + rsi * 4 + {CELLS}]
    cmp [rdx], r13d
    je 32f                              # somebody asked for the same
    xor eax, eax
    lock cmpxchg [rdx], r13d
    je 32f
    lea eax, [rsi + 1]
    dec ecx
    jnz 31b
    xor r15d, r15d                      # full
    jmp 33f
32: mov r15d, [r12 + {EPOCH}]
33: lock inc dword ptr [r12 + {REQUEST}]
    mov eax, 202                        # futex
    lea rdi, [r12 + {REQUEST}]
    mov esi, 1                          # FUTEX_WAKE
    mov edx, 0x7fffffff
    syscall

# Wait until the slot is no longer a call. The futex word is read before the slot: no publication is missed.
40: mov edx, [r12 + {DONE}]
    cmp byte ptr [rbx], 0xe8
    jne 70f
    cmp dword ptr [r12 + {FATAL_LEN}], 0
    jne 91f
    cmp r15d, [r12 + {EPOCH}]
    jne 45f
41: mov qword ptr [rbp - 16], 0
    mov qword ptr [rbp - 8], 50000000   # 50 ms
    mov eax, 202                        # futex
    lea rdi, [r12 + {DONE}]
    xor esi, esi                        # FUTEX_WAIT
    lea r10, [rbp - 16]
    syscall
    cmp rax, -110                       # ETIMEDOUT
    je 50f
    cmp rax, -4                         # EINTR: a periodic signal must not hide that the daemon is gone
    je 50f
    jmp 40b
45: cmp r15d, -1
    je 30b                              # room may have been made: ask
    test r15d, r15d
    jz 46f
    inc dword ptr [rbp - 88]
    cmp dword ptr [rbp - 88], 16        # one daemon after the other dies of it
    ja 92f
    jmp 30b                             # a new daemon: ask again
46: mov r15d, -1                        # there was no room: wait for a publication first
    jmp 41b

# Does the daemon live? It holds a lock on the control file for as long as it does.
50: mov eax, 257                        # openat
    mov edi, -100
    lea rsi, [r14 + {PATH}]
    mov edx, 0x80002
    xor r10d, r10d
    syscall
    test rax, rax
    js 55f
    mov r8, rax
    mov qword ptr [rbp - 48], 1         # l_type F_WRLCK, l_whence SEEK_SET
    mov qword ptr [rbp - 40], 0         # l_start
    mov qword ptr [rbp - 32], 1         # l_len
    mov qword ptr [rbp - 24], 0         # l_pid
    mov eax, 72                         # fcntl
    mov rdi, r8
    mov esi, 36                         # F_OFD_GETLK
    lea rdx, [rbp - 48]
    syscall
    mov eax, 3                          # close
    mov rdi, r8
    syscall
    cmp word ptr [rbp - 48], 2          # F_UNLCK
    je 60f
    mov qword ptr [rbp - 64], 0
    jmp 40b
55: mov eax, 62                         # kill(pid, 0)
    mov edi, [r12 + {DAEMON_PID}]
    xor esi, esi
    syscall
    cmp rax, -3                         # ESRCH
    jne 40b

# Start it again, unless somebody did so less than two seconds ago.
60: mov eax, 228                        # clock_gettime
    mov edi, 1                          # CLOCK_MONOTONIC
    lea rsi, [rbp - 16]
    syscall
    imul ecx, dword ptr [rbp - 16], 1000
    mov rax, [rbp - 8]
    xor edx, edx
    mov esi, 1000000
    div rsi
    add ecx, eax
    mov eax, [rbp - 64]                 # since when it is gone
    test eax, eax
    jnz 61f
    lea eax, [rcx - 1]
    mov [rbp - 64], eax
61: mov edx, ecx
    sub edx, eax
    cmp edx, 20000
    ja 92f                              # it does not come up
    mov eax, [r12 + {STARTED}]
    mov edx, ecx
    sub edx, eax
    cmp edx, 2000
    jb 40b
    lock cmpxchg [r12 + {STARTED}], ecx
    jne 40b

    mov eax, 9                          # mmap: the children's stack and pointer arrays
    xor edi, edi
    mov esi, 65536
    mov edx, 3                          # PROT_READ | PROT_WRITE
    mov r10d, 0x22                      # MAP_PRIVATE | MAP_ANONYMOUS
    mov r8, -1
    xor r9d, r9d
    syscall
    cmp rax, -4096
    ja 40b
    mov [rbp - 72], rax
    mov rdi, rax                        # pointers: arguments, null, environment, null
    lea rsi, [r12 + {COMMAND}]
    mov ecx, [r12 + {ARGC}]
    call 200f
    mov r10, rdi                        # start of the environment
    mov ecx, [r12 + {ENVC}]
    call 200f
    mov [rbp - 80], r10

    # The children share our memory: no handler may run in them.
    mov qword ptr [rbp - 16], -1
    mov eax, 14                         # rt_sigprocmask
    mov edi, 2                          # SIG_SETMASK
    lea rsi, [rbp - 16]
    lea rdx, [rbp - 56]
    mov r10d, 8
    syscall
    mov eax, 56                         # clone
    mov edi, 0x4100                     # CLONE_VM | CLONE_VFORK, no signal on exit
    mov rsi, [rbp - 72]
    add rsi, 65536
    xor edx, edx
    xor r10d, r10d
    xor r8d, r8d
    syscall
    test rax, rax
    jz 210f
    js 66f
    mov r8, rax
65: mov eax, 61                         # wait4
    mov rdi, r8
    xor esi, esi
    mov edx, 0x40000000                 # __WALL
    xor r10d, r10d
    syscall
    cmp rax, -4
    je 65b
66: mov eax, 14                         # rt_sigprocmask
    mov edi, 2
    lea rsi, [rbp - 56]
    xor edx, edx
    mov r10d, 8
    syscall
    mov eax, 11                         # munmap
    mov rdi, [rbp - 72]
    mov esi, 65536
    syscall
    jmp 40b

# The slot has code. Another processor wrote it, so this one must serialise before it runs it (Intel SDM 3A, 9.1.3).
# It goes to the code, not to the slot: an emulator that translated the slot once (valgrind) need not see it change.
70: mov rax, [rbx]
    cmp al, 0xe9
    jne 71f
    shr rax, 8
    movsxd rax, eax
    lea rbx, [rbx + rax + 5]
71: mov [rbp + 128], rbx
    xor eax, eax
    xor ecx, ecx
    cpuid
    xor eax, eax                        # a shadow stack, if there is one, loses the slot's frame as well
    rdsspq rax
    test rax, rax
    jz cranefly_stub_restore
    mov eax, 1
    incsspq rax
cranefly_stub_restore:
    mov rsp, rbp
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    pop r11
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rax
    popfq
    lea rsp, [rsp + 8]
    jmp qword ptr [rsp - 8]             # the red zone keeps it there
    .byte 0xcc

# attach: back to the caller.
80: mov rsp, rbp
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    add rsp, 88                         # r11 … rax, the flags, the zero
    ret

# No control file.
90: test rbx, rbx
    jz 80b                              # attach: the first call will tell
    lea rsi, [rip + 190f]
    jmp 94f
# The daemon gave up.
91: lea rsi, [r12 + {FATAL}]
    mov edx, [r12 + {FATAL_LEN}]
    jmp 95f
# The daemon does not start.
92: lea rsi, [rip + 192f]
    jmp 94f

# Called by the code that stands for a function which could not be compiled; behind the call: length, message.
cranefly_stub_fail:
    mov rsi, [rsp]
94: mov edx, [rsi]                      # a length and a text
    add rsi, 4

# Writes rsi, edx bytes in one go, so that threads do not mix, and aborts as abort(3) does.
95: lea rax, [rip + 194f]
    mov [rsp - 64], rax
    mov qword ptr [rsp - 56], 10
    mov [rsp - 48], rsi
    mov [rsp - 40], rdx
    lea rax, [rip + 196f]
    mov [rsp - 32], rax
    mov qword ptr [rsp - 24], 1
96: mov eax, 20                         # writev
    mov edi, 2
    lea rsi, [rsp - 64]
    mov edx, 3
    syscall
    cmp rax, -4
    je 96b
    mov qword ptr [rsp - 40], 32        # the mask of SIGABRT
    mov eax, 14                         # rt_sigprocmask
    mov edi, 1                          # SIG_UNBLOCK
    lea rsi, [rsp - 40]
    xor edx, edx
    mov r10d, 8
    syscall
    call 230f
    mov qword ptr [rsp - 40], 0         # the handler returned: SIG_DFL
    mov qword ptr [rsp - 32], 0
    mov qword ptr [rsp - 24], 0
    mov qword ptr [rsp - 16], 0
    mov eax, 13                         # rt_sigaction
    mov edi, 6
    lea rsi, [rsp - 40]
    xor edx, edx
    mov r10d, 8
    syscall
    call 230f
    ud2

# Pointers to ecx NUL-terminated strings at rsi, and a null, to rdi; both move on.
200: test ecx, ecx
    jz 202f
    mov [rdi], rsi
    add rdi, 8
201: inc rsi
    cmp byte ptr [rsi - 1], 0
    jne 201b
    dec ecx
    jmp 200b
202: mov qword ptr [rdi], 0
    add rdi, 8
    ret

# The child: a session of its own, then the daemon as a grandchild, so that nobody has to wait for it.
210: mov eax, 112                       # setsid
    syscall
    mov eax, 56                         # clone
    mov edi, 0x4100
    lea rsi, [rsp - 4096]
    xor edx, edx
    xor r10d, r10d
    xor r8d, r8d
    syscall
    test rax, rax
    jz 211f
    mov eax, 60                         # exit
    xor edi, edi
    syscall

# The grandchild: nothing of the program stays with it; no descriptor, directory, handler or mask.
211: mov eax, 436                       # close_range
    xor edi, edi
    mov esi, -1
    xor edx, edx
    syscall
    test rax, rax
    jz 213f
    mov r8d, 1023                       # Linux before 5.9
212: mov eax, 3                         # close
    mov edi, r8d
    syscall
    dec r8d
    jns 212b
213: mov eax, 257                       # openat
    mov edi, -100
    lea rsi, [rip + 197f]
    mov edx, 2                          # O_RDWR
    xor r10d, r10d
    syscall
    mov eax, 32                         # dup
    xor edi, edi
    syscall
    mov eax, 32
    xor edi, edi
    syscall
    mov eax, 80                         # chdir
    lea rdi, [rip + 198f]
    syscall
    xor eax, eax
    mov [rsp - 40], rax                 # SIG_DFL, no flags, no restorer, no mask
    mov [rsp - 32], rax
    mov [rsp - 24], rax
    mov [rsp - 16], rax
    mov r8d, 64
214: mov eax, 13                        # rt_sigaction
    mov edi, r8d
    lea rsi, [rsp - 40]
    xor edx, edx
    mov r10d, 8
    syscall
    dec r8d
    jnz 214b
    mov eax, 14                         # rt_sigprocmask
    mov edi, 2
    lea rsi, [rsp - 40]
    xor edx, edx
    mov r10d, 8
    syscall
    mov eax, 59                         # execve
    mov rsi, [rbp - 72]
    mov rdi, [rsi]
    mov rdx, [rbp - 80]
    syscall
    mov eax, 60                         # exit
    mov edi, 127
    syscall
    ud2

# Raises SIGABRT in this thread.
230: mov eax, 39                        # getpid
    syscall
    mov r8, rax
    mov eax, 186                        # gettid
    syscall
    mov rsi, rax
    mov rdi, r8
    mov edx, 6
    mov eax, 234                        # tgkill
    syscall
    ret

190: .long 192f - 191f
191: .ascii "cannot map the control file of this program's image"
192: .long 194f - 193f
193: .ascii "a function was called for the first time, and the engine that compiles it cannot be kept running"
194: .ascii "cranefly: "
196: .ascii "\n"
197: .asciz "/dev/null"
198: .asciz "/"
.balign 16
cranefly_stub_end:
.popsection
