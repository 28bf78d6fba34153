/* SPDX-License-Identifier: MIT
 *
 * The addresses of the matrix in a lab, which `reality` uses, too: they stand in `expected`.
 */
#ifndef TESTS_NETWORK_LAB_ADDRESSES_H
#define TESTS_NETWORK_LAB_ADDRESSES_H

#define SERVER_V4 "192.0.2.2"
#define SERVER_V6 "2001:db8:2::2"
#define CLIENT_V4 "198.51.100.2"
#define CLIENT_V6 "2001:db8:1::2"
#define SERVER_PORT "5000"

#endif
