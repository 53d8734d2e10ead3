// Shows the OpenAPI document with the reader that comes with the platform (no other host is asked).
const target = document.getElementById("api-docs");
window.SwaggerUIBundle({
  url: target.dataset.schema,
  domNode: target,
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
    if (cookie) request.headers["X-CSRFToken"] = cookie.split("=")[1];
    return request;
  },
});
