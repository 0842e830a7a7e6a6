/* Hexadecimal digits, whatever the locale. Pure. */
#ifndef PROTOCOL_HEX_H
#define PROTOCOL_HEX_H

/* 0 … 15; -1: no digit. */
int hex_value(char digit);

#endif
