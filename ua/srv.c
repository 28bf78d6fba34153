/* SPDX-License-Identifier: MIT
 *
 * SRV records (srv.h).
 */
#include "ua/srv.h"

#include <string.h>
#include <strings.h>

const char *srv_prefix(enum sip_transport transport) {
  switch (transport) {
  case SIP_UDP:
    return "_sip._udp.";
  case SIP_TCP:
    return "_sip._tcp.";
  case SIP_TLS:
    return "_sips._tcp.";
  }
  return "";
}

bool srv_transport_of_name(const char *name, enum sip_transport *transport) {
  for (enum sip_transport each = SIP_UDP; each <= SIP_TLS; each++) {
    const char *prefix = srv_prefix(each);
    if (strncasecmp(name, prefix, strlen(prefix)) == 0) {
      *transport = each;
      return true;
    }
  }
  return false;
}
