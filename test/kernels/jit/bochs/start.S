/*
 * The ROM of a bare machine: goes from reset to 64-bit mode, enables the registers of AVX-512 and calls
 * replay() in replay.c. The first GB and the ROM are mapped to their own addresses, in pages of 2 MB.
 */
#define TABLES 0x10000
#define STACK 0x90000

.section .reset, "ax"
.code16
	jmp start16

.text
start16:
	cli
	lgdtl %cs:gdt_pointer - 0xffff0000
	mov $0x11, %eax
	mov %eax, %cr0
	ljmpl $8, $start32

.code32
start32:
	mov $16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	/* Four tables: the root, the gigabytes, the first gigabyte, the last one before 4 GB. */
	mov $TABLES, %edi
	xor %eax, %eax
	mov $4096, %ecx
	rep stosl
	movl $TABLES + 0x1003, TABLES
	movl $TABLES + 0x2003, TABLES + 0x1000
	movl $TABLES + 0x3003, TABLES + 0x1018
	movl $0xffe00083, TABLES + 0x3ff8
	mov $TABLES + 0x2000, %edi
	mov $0x83, %eax
1:	mov %eax, (%edi)
	add $8, %edi
	add $0x200000, %eax
	cmp $0x40000083, %eax
	jne 1b
	/* PAE, OSFXSR, OSXMMEXCPT, OSXSAVE; long mode; then PE, MP, ET, NE, WP and paging. */
	mov $0x40620, %eax
	mov %eax, %cr4
	mov $TABLES, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax
	wrmsr
	mov $0x80010033, %eax
	mov %eax, %cr0
	ljmpl $24, $start64

.code64
start64:
	mov $STACK, %esp
	/* The registers of AVX and AVX-512, as far as CPUID knows them. */
	mov $0xd, %eax
	xor %ecx, %ecx
	cpuid
	and $0xe7, %eax
	xor %ecx, %ecx
	xor %edx, %edx
	xsetbv
	call replay

/* int callFunction(function, block): whether the function leaves the caller's registers as they were. */
.globl callFunction
callFunction:
	mov %rdi, %rax
	mov %rsi, %rdi
	.set value, 1001
	.irp register, rbx, rbp, r12, r13, r14, r15
	push %\register
	mov $value, %\register
	.set value, value + 1
	.endr
	mov %rsp, STACK
	call *%rax
	xor %eax, %eax
	cmp %rsp, STACK
	jne 1f
	.set value, 1001
	.irp register, rbx, rbp, r12, r13, r14, r15
	cmp $value, %\register
	jne 1f
	.set value, value + 1
	.endr
	inc %eax
1:	mov STACK, %rsp
	.irp register, r15, r14, r13, r12, rbp, rbx
	pop %\register
	.endr
	ret

/* All exceptions lead to exception(number, stack). Each stub takes 8 bytes. */
.balign 8
.globl exceptionStubs
exceptionStubs:
	.set value, 0
	.rept 32
	.balign 8
	push $value
	jmp 1f
	.set value, value + 1
	.endr
1:	pop %rdi
	mov %rsp, %rsi
	call exception

.balign 8
gdt:
	.quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff
gdt_pointer:
	.word 31
	.long gdt
