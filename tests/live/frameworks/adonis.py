"""The AdonisJS project of `apps`: its slim starter, whose build is a whole application in build/."""

from __future__ import annotations

import json

from tests.live.frameworks.parts import SERVED, App

ROUTES = """
import router from '@adonisjs/core/services/router'
import app from '@adonisjs/core/services/app'
import { readFileSync } from 'node:fs'

router.get('/', ({ response }) => {
  response.plainCookie('seen', 'yes', { secure: false, encode: false })
  return response.type('html').send(readFileSync(app.makePath('resources/page.html'), 'utf8'))
})
router.get('/about', ({ response }) => response.type('html').send('<h1>About</h1>'))
router.get('/api', () => 'fetched')
router.post('/form', ({ request, response }) => response.redirect().toPath(`/?word=${request.input('word')}`))
"""
IGNITOR = """
import 'reflect-metadata'
import { Ignitor } from '@adonisjs/core'

const APP_ROOT = new URL('../', import.meta.url)
const IMPORTER = (filePath: string) =>
  filePath.startsWith('./') || filePath.startsWith('../') ? import(new URL(filePath, APP_ROOT).href) : import(filePath)

new Ignitor(APP_ROOT, { importer: IMPORTER })
  .tap((app) => {
    app.booting(async () => { await import('#start/env') })
    app.listen('SIGTERM', () => app.terminate())
  })
"""
CONFIG_APP = """
import env from '#start/env'
import app from '@adonisjs/core/services/app'
import { Secret } from '@adonisjs/core/helpers'
import { defineConfig } from '@adonisjs/core/http'

export const appKey = new Secret(env.get('APP_KEY'))
export const http = defineConfig({
  generateRequestId: true,
  allowMethodSpoofing: false,
  useAsyncLocalStorage: false,
  cookie: { domain: '', path: '/', maxAge: '2h', httpOnly: true, secure: app.inProduction, sameSite: 'lax' },
})
"""
KERNEL = """
import router from '@adonisjs/core/services/router'
import server from '@adonisjs/core/services/server'

server.errorHandler(() => import('#exceptions/handler'))
server.use([() => import('@adonisjs/static/static_middleware')])
router.use([() => import('@adonisjs/core/bodyparser_middleware')])
"""
ENV = """
import { Env } from '@adonisjs/core/env'

export default await Env.create(new URL('../', import.meta.url), {
  NODE_ENV: Env.schema.enum(['development', 'production', 'test'] as const),
  PORT: Env.schema.number(),
  APP_KEY: Env.schema.string(),
  HOST: Env.schema.string({ format: 'host' }),
  LOG_LEVEL: Env.schema.string(),
})
"""
ADONISRC = """
import { defineConfig } from '@adonisjs/core/app'

export default defineConfig({
  commands: [() => import('@adonisjs/core/commands')],
  providers: [() => import('@adonisjs/core/providers/app_provider'), () => import('@adonisjs/static/static_provider')],
  preloads: [() => import('#start/routes'), () => import('#start/kernel')],
  metaFiles: [{ pattern: 'public/**', reloadServer: false }, { pattern: 'resources/**', reloadServer: false }],
})
"""
ADONIS = {
    "package.json": json.dumps({
        "name": "shop", "version": "0.0.0", "private": True, "type": "module",
        "scripts": {"start": "node bin/server.js", "build": "node ace build", "dev": "node ace serve --hmr"},
        "imports": {"#config/*": "./config/*.js", "#start/*": "./start/*.js", "#exceptions/*": "./app/exceptions/*.js"},
        "dependencies": {"@adonisjs/core": "^6.17", "@adonisjs/static": "^1.1", "reflect-metadata": "^0.2"},
        "devDependencies": {"@adonisjs/assembler": "^7.8", "@adonisjs/tsconfig": "^1.4", "@swc/core": "1.11.24",
                            "@types/node": "^22", "ts-node-maintained": "^10.9", "typescript": "~5.8"},
    }),
    "ace.js": "import 'ts-node-maintained/register/esm'\n\nawait import('./bin/console.js')\n",
    "adonisrc.ts": ADONISRC,
    "tsconfig.json": '{ "extends": "@adonisjs/tsconfig/tsconfig.app.json",'
    ' "compilerOptions": { "rootDir": "./", "outDir": "./build" } }\n',
    ".env": "TZ=UTC\nPORT=3333\nHOST=localhost\nLOG_LEVEL=info\nAPP_KEY=3l0CmSyvPVVTRGMg6JOzN2zSrGRe1zBG\nNODE_ENV=development\n",
    "bin/console.ts": f"{IGNITOR.rstrip()}.ace().handle(process.argv.splice(2))\n",
    "bin/server.ts": f"{IGNITOR.rstrip()}.httpServer().start()\n",
    "config/app.ts": CONFIG_APP,
    "config/bodyparser.ts": "import { defineConfig } from '@adonisjs/core/bodyparser'\n\n"
    "export default defineConfig({ allowedMethods: ['POST', 'PUT', 'PATCH', 'DELETE'] })\n",
    "config/logger.ts": "import env from '#start/env'\nimport { defineConfig } from '@adonisjs/core/logger'\n\n"
    "export default defineConfig({ default: 'app', loggers: { app: { enabled: true, level: env.get('LOG_LEVEL') } } })\n",
    "config/static.ts": "import { defineConfig } from '@adonisjs/static'\n\n"
    "export default defineConfig({ enabled: true, etag: true, lastModified: true, dotFiles: 'ignore' })\n",
    "app/exceptions/handler.ts": "import { ExceptionHandler } from '@adonisjs/core/http'\n\n"
    "export default class HttpExceptionHandler extends ExceptionHandler {}\n",
    "start/env.ts": ENV,
    "start/kernel.ts": KERNEL,
    "start/routes.ts": ROUTES,
    "resources/page.html": SERVED["page.html"],
    **{f"public/{path}": text for path, text in SERVED.items() if path.startswith("static/")},
}  # fmt: skip
ADONIS_APP = App("adonisjs", ADONIS, server=True)
