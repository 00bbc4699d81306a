# What an executable calls in its image before `main`. See start.rs. It runs on the main thread's stack, and the start check, which runs
# before any constructor, makes raw system calls only.

.pushsection .text.cranefly_start, "ax", @progbits
.balign 16
.globl cranefly_start_begin, cranefly_start_end, cranefly_start_check, cranefly_start_gone
.globl cranefly_start_place, cranefly_start_build, cranefly_start_constructors
.globl cranefly_start_init, cranefly_start_calls, cranefly_start_called
.hidden cranefly_start_begin, cranefly_start_end, cranefly_start_check, cranefly_start_gone
.hidden cranefly_start_place, cranefly_start_build, cranefly_start_constructors
.hidden cranefly_start_init, cranefly_start_calls, cranefly_start_called

cranefly_start_begin:
cranefly_start_place:
    .quad 0
cranefly_start_build:
    .zero 24
cranefly_start_constructors:            # distance, and bytes
    .quad 0, 0

# As the C library calls a constructor: edi, rsi, rdx are the arguments, their texts and the environment. Calls all of the image's.
cranefly_start_init:
    push rbx
    push r12
    push r13
    push r14
    push r15
cranefly_start_calls:
    mov r12, rdi
    mov r13, rsi
    mov r14, rdx
    lea rbx, [rip + cranefly_start_constructors]
    mov r15, [rbx + 8]
    add rbx, [rbx]
    add r15, rbx
10: cmp rbx, r15
    jae 11f
    mov rdi, r12
    mov rsi, r13
    mov rdx, r14
    call [rbx]
    add rbx, 8
    jmp 10b
11:
cranefly_start_called:
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    ret

# As the loader calls it, but for rdi, the executable's build id; rdx: the environment, with the auxiliary vector behind it.
cranefly_start_check:
    mov rax, [rdi]
    cmp rax, [rip + cranefly_start_build]
    jne 20f
    mov rax, [rdi + 8]
    cmp rax, [rip + cranefly_start_build + 8]
    jne 20f
    mov eax, [rdi + 16]
    cmp eax, [rip + cranefly_start_build + 16]
    jne 20f
    ret

# Another build than the image's: which file was started?
20: push rbx
    push r12
    push r13
    push r14
    sub rsp, {NAME} + 24
    lea rbx, [rip + cranefly_start_place]
    add rbx, [rbx]
    mov r14, rdx
    mov r13d, {PATIENCE}
21: call 90f
    test r12, r12
    jle 30f
    call 92f
    test al, al
    jnz 22f
    cmp rcx, r12
    je 24f                              # it is the one at the place, and still there
    lea rax, [rcx + 10]
    cmp rax, r12
    jne 22f
    movabs rax, 0x6574656c65642820      # " (delete"
    cmp [rsp + rcx], rax
    jne 22f
    cmp word ptr [rsp + rcx + 8], 0x2964 # "d)"
    je 25f

# Is it where the current program stands in for cargo's? That path is behind the other.
22: mov r8, rbx
23: inc rbx
    cmp byte ptr [rbx - 1], 0
    jne 23b
    call 92f
    test al, al
    setz dl
    cmp rcx, r12
    sete al
    and al, dl
    test rcx, rcx
    mov rbx, r8
    jz 30f
    test al, al
    jz 30f
    jmp 28f

    # It was there, and has been replaced: since it was started, if that was by a name of its own.
25: mov rax, [r14]
    add r14, 8
    test rax, rax
    jnz 25b
26: mov rax, [r14]
    test rax, rax
    jz 28f
    cmp eax, 31                         # AT_EXECFN
    je 27f
    add r14, 16
    jmp 26b
27: mov rax, [r14 + 8]
    cmp dword ptr [rax], 0x6f72702f     # "/pro"
    jne 28f
    cmp word ptr [rax + 4], 0x2f63      # "c/"
    je 30f
28: add rsp, {NAME} + 24
    pop r14
    pop r13
    pop r12
    pop rbx
    ret
24: dec r13d
    jz 30f
    mov qword ptr [rsp + {NAME}], 0
    mov qword ptr [rsp + {NAME} + 8], 10000000 # 10 ms
    mov eax, 35                         # nanosleep
    lea rdi, [rsp + {NAME}]
    xor esi, esi
    syscall
    jmp 21b

30: lea r13, [rip + 192f]
    lea r14, [rip + 193f]
    jmp 40f

# In the place of an image that is not there.
cranefly_start_gone:
    sub rsp, {NAME} + 24
    call 90f
    lea r13, [rip + 194f]
    lea rbx, [rip + 195f]
    lea r14, [rip + 195f]

# Writes what the program is called, a text at r13, what is at rbx, and a text at r14; ends the process.
40: mov r8, rsp
    sub rsp, 80
    mov rdi, rsp
    lea rsi, [rip + 190f]
    call 95f
    lea rsi, [rip + 191f]               # no /proc
    test r12, r12
    jle 41f
    mov rsi, r8
    mov byte ptr [r8 + r12], 0
41: call 95f
    mov rsi, r13
    call 95f
    mov rsi, rbx
    call 95f
    mov rsi, r14
    call 95f
    mov eax, 20                         # writev
    mov edi, 2
    mov rsi, rsp
    mov edx, 5
    syscall
    mov eax, 231                        # exit_group
    mov edi, {EXIT}
    syscall
    ud2

# Where the program was started from, to what the caller has at rsp; its length, or an error, to r12.
90: mov eax, 89                         # readlink
    lea rdi, [rip + 196f]
    lea rsi, [rsp + 8]
    mov edx, {NAME}
    syscall
    mov r12, rax
    ret

# Compares the text at rbx, which ends with a zero, with what the caller has at rsp, r12 bytes: rcx bytes are the same, and al is 0 if
# that is all of the text.
92: xor ecx, ecx
93: mov al, [rbx + rcx]
    test al, al
    jz 94f
    cmp rcx, r12
    jae 94f
    cmp al, [rsp + rcx + 8]
    jne 94f
    inc rcx
    jmp 93b
94: ret

# An iovec of the text at rsi, which ends with a zero, to rdi, which moves on.
95: mov [rdi], rsi
    xor eax, eax
96: cmp byte ptr [rsi + rax], 0
    je 97f
    inc rax
    jmp 96b
97: mov [rdi + 8], rax
    add rdi, 16
    ret

190: .asciz "cranefly: "
191: .asciz "this program"
192: .asciz " is of an earlier build of "
193: .asciz ", whose code is not kept: copy the program again, or build it again\n"
194: .asciz " cannot be run: its code was in memory, and is there no more; build it again\n"
195: .asciz ""
196: .asciz "/proc/self/exe"
cranefly_start_end:
.popsection
