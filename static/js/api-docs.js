// Shows the OpenAPI document with the reader that comes with the platform (no other host is asked).
const target = document.getElementById("api-docs");
window.SwaggerUIBundle({ url: target.dataset.schema, domNode: target, deepLinking: true, validatorUrl: null });
