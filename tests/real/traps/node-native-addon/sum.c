#include <node_api.h>
#include <stdlib.h>

static napi_value sum(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2], result;
  double a = 0, b = 0;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_double(env, arguments[0], &a);
  napi_get_value_double(env, arguments[1], &b);
  napi_create_double(env, a + b + strtod("0", NULL), &result);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value result;
  napi_create_function(env, "sum", NAPI_AUTO_LENGTH, sum, NULL, &result);
  return result;
}
