const debug = require('debug')
const version = '1.0.0'

require('http')
  .createServer((request, response) => response.end(`${version} ${typeof debug} for ${request.url}\n`))
  .listen(3000)
