declare function require(name: string): any

const parcels: string[] = ['a kettle', 'a lamp']

require('http')
  .createServer((request: any, response: any) => {
    response.end(JSON.stringify({ path: request.url, parcels }))
  })
  .listen(3000)
