"""Datagrams in, authenticated packets out: UDP sockets, ICE-lite, DTLS-SRTP and SCTP."""
